"""How a model is asked where nobody says otherwise, the same whichever program asks it.

`dual-bench run`, the tasks of Inspect and those of lmms-eval begin from these, so that the runs of
three programs can be compared. Whoever asks in a loop of their own sets their own.
"""

MAX_TOKENS = 512  # room for a reply: a description and a warning fit, and no model rambles on
TEMPERATURE = 0.0  # greedy, where the model lets one choose
