"""Inspect (inspect_ai): our configs as its tasks, our protocols as its scorers, its logs as runs.

tasks      `inspect eval dual_bench/dual_use --model ...`, found through the entry point
samples    rows of a build as its samples
pictures   picture bytes, read when their turn comes
reply      what its model output says, in our terms; the same for scorers and converter
scorers    our judges and protocols
metrics    our metrics over all its samples, the unscored included
convert    logs into a run folder
logs       which logs make up one run
join       one reply a row out of several logs
log        reading a log piece by piece
settings   model and generation settings out of its header

Importing this package imports no inspect_ai; `convert` does when it is called.
"""
