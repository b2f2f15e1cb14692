"""Compile the library, with nothing but Python and a C compiler: ``python -m recommendations.engine.kernel.build``.

With ``--compiler`` it only prints the compiler's command, or nothing where there is none.
"""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys

from recommendations.engine.kernel.library import FLAGS, HERE, SOURCE, library_path

NO_COMPILER = "No C compiler was found; ranking stays in NumPy, which is slower.\n"


def compiler() -> list[str]:
    """Return the command of a C compiler: $CC, the machine's, or ziglang's if that is installed; else nothing."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    # Its default is this machine's processor; an image is run on others.
    zig = [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]
    return zig if importlib.util.find_spec("ziglang") else []


def build() -> int:
    """Compile the library unless it is there. Return the process's exit code."""
    path = library_path()
    if path.exists():
        return 0
    command = compiler()
    if not command:
        sys.stderr.write(NO_COMPILER)
        return 1
    made = path.with_suffix(f".{os.getpid()}.tmp")
    result = subprocess.run([*command, *FLAGS, "-o", str(made), str(SOURCE), "-lm"], check=False)  # noqa: S603
    if result.returncode:
        made.unlink(missing_ok=True)
        return result.returncode
    made.replace(path)  # in one step: another process may be looking for it
    for older in HERE.glob("ranking-*.so"):
        if older != path:
            older.unlink(missing_ok=True)
    return 0


def main(arguments: list[str]) -> int:
    if arguments == ["--compiler"]:
        sys.stdout.write(shlex.join(compiler()))
        return 0
    return build()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
