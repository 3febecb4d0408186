"""`python -m builders`: build, verify, show, lint, legibility."""

from builders.cli import main

if __name__ == "__main__":
    main()
