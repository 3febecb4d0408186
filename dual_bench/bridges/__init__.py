"""Bridges to the harnesses that people already run; README.md beside this is for their users.

inspect, lmms_eval, vlmevalkit   one folder each: our rows in, and its logs into a run folder
hub                              results as the Hub shows them
askable                          which configs a harness can be given
converted                        what all converters share
secrets                          what of a log is not copied

The packages import nothing of a harness, nor of each other; a module that needs one is imported
where it is used.
"""
