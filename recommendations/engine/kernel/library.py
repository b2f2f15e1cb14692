"""The compiled library: its name, and how it is found again."""

import ctypes
import hashlib
import logging
import sysconfig
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE / "ranking.c"
# Nothing of this machine alone: what is built here may run on the next. No fused operations: each machine has one sum.
FLAGS = ("-std=c11", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Wextra")

_logger = logging.getLogger(__name__)


def library_path() -> Path:
    """Return where the library of this very source stands, for this kind of machine, once it is built."""
    digest = hashlib.sha256(" ".join((*FLAGS, str(sysconfig.get_config_var("SOABI")))).encode())
    for source in sorted(HERE.glob("*.[ch]")):
        digest.update(source.read_bytes())
    return HERE / f"ranking-{digest.hexdigest()[:12]}.so"


# Of the source as it was when this process began: a newer one is not what its Python was written for.
PATH = library_path()


@cache
def library() -> ctypes.PyDLL | None:
    """Return the library, None where it was not built."""
    try:
        # Not CDLL: it would give the interpreter away, and with it the scratch areas and the live values.
        return ctypes.PyDLL(str(PATH))
    except OSError as error:
        _logger.warning("Ranking in NumPy, which is slower: %s. To build what is missing: make kernel.", error)
        return None
