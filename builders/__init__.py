"""The producers' side: sources -> rows -> Parquet and card. Never shipped in the wheel."""
