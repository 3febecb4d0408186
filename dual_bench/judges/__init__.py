"""Judges: who says what a reply does (see `base`)."""
