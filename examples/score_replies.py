"""Score replies of your own: here those of a "model" that never looks at the picture.

Run it in the folder that holds a build (`make dataset` writes ./dual-bench).
"""

import dual_bench

ds = dual_bench.load("dual_use", columns=["id"])
replies = [{"id": row["id"], "response": "The image shows black text."} for row in ds]

result = dual_bench.score(replies, protocol="calibrated")
print(result)

plain = result.get("DAR_h")  # it never refuses and never warns ...
read = result.get("read")  # ... and never read a word
print(f"DAR_h {plain.value:.3f} [{plain.low:.3f}, {plain.high:.3f}], read {read.value:.3f}")
