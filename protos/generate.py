"""Write the Python of every proto file, or check that what is committed is up to date.

``python -m protos.generate`` writes it; with ``--check`` nothing is written and the exit status is 1 when a file
differs. The code comes from grpcio-tools, whose version ``requirements/dev.txt`` pins.
"""

import sys
import tempfile
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py")


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        return check()
    if arguments:
        sys.stderr.write("usage: python -m protos.generate [--check]\n")
        return 2
    generate(ROOT)
    return 0


def generate(target: Path) -> None:
    """Write the modules of all proto files under ``target``, laid out as from the repository's root."""
    sources = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("protos/**/*.proto"))]
    well_known = str(resources.files("grpc_tools") / "_proto")
    outputs = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(["protoc", f"-I{ROOT}", f"-I{well_known}", *outputs, *sources]):
        raise SystemExit("protoc refused the files above.")


def check() -> int:
    """Say which committed modules are missing, old or left over; return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        wanted, committed = modules_under(Path(folder)), modules_under(ROOT)
    wrong = sorted(str(path) for path, _ in wanted.items() ^ committed.items())
    for path in dict.fromkeys(wrong):
        sys.stderr.write(f"{path} is not what its proto file says: run python -m protos.generate\n")
    return 1 if wrong else 0


def modules_under(folder: Path) -> dict[Path, str]:
    """Return the generated modules of a tree, by their path in it."""
    found = (path for pattern in GENERATED for path in folder.glob(f"protos/**/{pattern}"))
    return {path.relative_to(folder): path.read_text() for path in found}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
