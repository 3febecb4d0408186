"""VLMEvalKit: a TSV that it reads as a dataset of its own, and its prediction files as run folders.

names      how files are called, so that one run is not taken for another
export     a config as one TSV
failures   which predictions are no words of the model
tables     the rows of a prediction file
workbook   the same of an .xlsx file, opened without trusting it
sheet      the XML in it
convert    a prediction file into a run folder

VLMEvalKit itself is never imported. What is known of it is from its source as of 2026.
"""
