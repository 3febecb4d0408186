"""Bridges to the harnesses that people already run, one folder each.

Each gives the harness our rows and reads its logs back into a run folder, exactly. The harness's
own package is imported only where it is used.
"""
