"""How large a process became, told by itself.

What its parent learns from the kernel (``ru_maxrss``) is at least what the parent held when it made the process.
`python -m benchmarks._memory COMMAND …` runs a command of manage.py and prints that as its last line.
"""

import runpy
import sys
from pathlib import Path

from benchmarks import BASE_DIR

_PEAK = "VmHWM:"


def peak_mb() -> float:
    """Return the most memory that this process has held at once, MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    _, kilobytes, _ = next(line for line in lines if line.startswith(_PEAK)).split()
    return int(kilobytes) / 1024


if __name__ == "__main__":
    sys.argv[0] = str(BASE_DIR / "manage.py")
    runpy.run_path(sys.argv[0], run_name="__main__")
    print(peak_mb())
