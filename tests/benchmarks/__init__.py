"""Run by hand: `make benchmark`. Never timed in the test run."""
