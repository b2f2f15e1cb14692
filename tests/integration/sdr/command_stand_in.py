"""A command that uses the engines until its stdin ends: ``python command_stand_in.py NAME``."""

import sys

from sdr.embedded import lifetime

with lifetime.engines_for(sys.argv[1:]):
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
