"""dual-bench."""
