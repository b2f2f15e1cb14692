"""What the embedded engines tell the person at the terminal, before any logging is set up."""

import sys


def say(text: str) -> None:
    sys.stderr.write(f"sdr: {text}\n")
    sys.stderr.flush()
