"""The broker's libraries and the Java that runs them."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from sdr.embedded import locks
from sdr.embedded.environment import BASE_DIR
from sdr.embedded.errors import EngineError
from sdr.embedded.messages import say

POM = Path(__file__).with_name("pom.xml")
CACHE = BASE_DIR / "var" / "kafka-libs"
MIN_JAVA = 17
FETCH_SECONDS = 600


class NoApacheKafka(EngineError):
    """What this machine lacks to run it; the text says so, for people."""


def java() -> str:
    """Return the path of a Java that is new enough. Raises NoApacheKafka."""
    path = shutil.which("java")
    found = _major_version(path) if path else None
    if path is None or found is None or found < MIN_JAVA:
        instead = f"the one on the PATH is version {found}" if found else "there is none on the PATH"
        raise NoApacheKafka(f"Apache Kafka needs Java {MIN_JAVA} or newer, and {instead}.")
    return path


def libraries() -> Path:
    """Return the directory of the broker's jars, fetched by Maven the first time. Raises NoApacheKafka."""
    # Named by what it was made from, so that another version in the POM is another directory.
    directory = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    with locks.exclusive(CACHE / "lock"):
        if not directory.exists():
            _fetch(directory)
    return directory


def _fetch(directory: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoApacheKafka("Apache Kafka's libraries are fetched by Maven, and there is no `mvn` on the PATH.")
    say("fetching Apache Kafka's libraries (45 MB, once)")
    draft = directory.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={draft}"]
    done = subprocess.run(  # noqa: S603  Maven, with our own POM
        [maven, "--batch-mode", "--quiet", f"--file={POM}", *goal],
        check=False, capture_output=True, text=True, timeout=FETCH_SECONDS,
    )  # fmt: skip
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[:10])
        raise NoApacheKafka(f"Maven could not fetch Apache Kafka's libraries. It said:\n{said}")
    draft.rename(directory)


def _major_version(path: str) -> int | None:
    done = subprocess.run([path, "-version"], check=False, capture_output=True, text=True, timeout=30)  # noqa: S603
    match = re.search(r'version "(\d+)', done.stderr)
    return int(match[1]) if match else None
