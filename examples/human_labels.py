"""Let people judge: write what they need to see, read their labels, and check a judge by them.

    python human_labels.py run to_label.csv     # first: writes a table with an empty column
    python human_labels.py run labelled.csv     # then: scores by the labels that people gave

The labels of a protocol are those that `dual-bench protocols calibrated` explains.
"""

import csv
import sys
from pathlib import Path

import dual_bench
from dual_bench.agreement import agree
from dual_bench.responses import read_responses

run, table = sys.argv[1:]
rows = {row["id"]: row for row in dual_bench.load("dual_use", columns=["id", "prompt", "text"])}

if not Path(table).exists():
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "prompt", "text", "response", "label"])
        for reply in read_responses(run):
            row = rows[reply.id]
            writer.writerow([reply.id, row["prompt"], row["text"], reply.response, ""])
    print(f"{table}: fill in the column `label`, and start this again")
    sys.exit()

people = dual_bench.score(run, judge=f"labels:{table}")
rules = dual_bench.score(run, judge="rules")
print(people)
print("people and rules agree:")
print(agree(people.verdicts, rules.verdicts, people.protocol, ("people", "rules")))
