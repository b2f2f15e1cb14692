#!/usr/bin/env python
"""SDR's command line: Django's, with Postgres and Valkey started for commands that need them."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sdr.settings")
    from django.core.management import execute_from_command_line

    from sdr.embedded import lifetime

    with lifetime.engines_for(sys.argv[1:]):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
