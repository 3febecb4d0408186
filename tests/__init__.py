"""One file a module; everything runs offline."""
