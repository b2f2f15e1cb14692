"""One input, a file or standard input, gzipped or not, as a stream of bytes that knows how far it has been read."""

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

GZIP_MAGIC = b"\x1f\x8b"
STDIN = "-"
# No honest row comes near it; without a limit, a gzipped line of gigabytes would fill the memory.
MAX_LINE_BYTES = 1_000_000


@dataclass(frozen=True)
class Source:
    name: str
    raw: BinaryIO
    stream: io.BufferedReader

    def position(self) -> int:
        """Return how many bytes of the file were read, compressed ones if it is gzipped; 0 for a pipe."""
        return self.raw.tell() if self.raw.seekable() else 0

    def lines(self) -> Iterator[bytes]:
        """Yield the lines; of one that is too long only its beginning, longer than MAX_LINE_BYTES."""
        while line := self.stream.readline(MAX_LINE_BYTES + 1):
            yield line
            while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
                line = self.stream.readline(MAX_LINE_BYTES + 1)


@contextmanager
def open_source(name: str) -> Iterator[Source]:
    """Open the file ``name``, or standard input for "-"; raises OSError."""
    if name == STDIN:
        yield _source("<stdin>", cast("io.BufferedReader", sys.stdin.buffer))
        return
    with Path(name).open("rb") as raw:
        yield _source(Path(name).name, raw)


def _source(name: str, raw: io.BufferedReader) -> Source:
    if not raw.peek(2).startswith(GZIP_MAGIC):
        return Source(name, raw, raw)
    # A BufferedReader around it: GzipFile's own readline is Python, and three times slower.
    return Source(name, raw, io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw)), 1 << 17))


def total_size(names: list[str]) -> int | None:
    """Return the bytes to read in all, None if a pipe is among them; a missing file counts as empty."""
    if STDIN in names:
        return None
    return sum(Path(name).stat().st_size for name in names if Path(name).is_file())
