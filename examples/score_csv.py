"""Score replies from a table that another program wrote, with column names of its own.

    python score_csv.py replies.csv row_id answer

The ids are the dataset's own; a row without a reply counts as missing, and never as a refusal.
"""

import sys

import dual_bench
from dual_bench.responses import read_responses

file, id_column, response_column = sys.argv[1:]
replies = read_responses(file, id_column=id_column, response_column=response_column)
result = dual_bench.score(replies)

print(result)
print("unscored:", result.unscored)
frame = result.to_pandas()  # every value, by hazard and by variant
print(frame[frame["metric"] == "SCR"].head(3).to_string(index=False))
