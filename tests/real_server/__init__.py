"""A judge against a real server with a model made on the spot; run by hand, see README.md."""
