"""lmms-eval: our rows, verdicts and metrics inside it, and its logs as run folders.

export     writes the folder for `--include_path`
task       what the tasks of that folder call: prompt, picture, verdict
tallies    each metric as a value of one row and a sum over rows
failures   what the harness writes where a call failed
log        find and read the files of one run
settings   model and generation settings out of its results file
convert    a log into a run folder

Nothing here imports lmms_eval: the harness calls us, or has left files. Checked with 0.7.3.
"""
