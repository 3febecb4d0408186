"""The Hub's evaluation results: what registers the dataset, and what a model's repository says.

boards   which numbers there are: one board a config and metric
dataset  eval.yaml, for the repository of the dataset
model    .eval_results/dual-bench.yaml, for the repository of a model

Nothing here asks the network or uploads. The formats are those of
https://huggingface.co/docs/hub/eval-results, which calls itself a work in progress.
"""
