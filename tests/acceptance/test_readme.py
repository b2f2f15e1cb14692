"""The README's first steps, typed as they are printed there."""

import re
import subprocess

from django.conf import settings

from tests.eventually import eventually

CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def steps():
    """Yield each command of the README's first steps with the lines it is said to print."""
    text = (settings.BASE_DIR / "README.md").read_text().partition("## First steps")[2].partition("\n## ")[0]
    for block in CONSOLE.findall(text):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = step.splitlines()
            n_command_lines = next(n for n, line in enumerate(lines, start=1) if not line.endswith("\\"))
            yield "\n".join(lines[:n_command_lines]), "\n".join(lines[n_command_lines:])


def matches(printed: str, said: str) -> bool:
    """Return whether what is said stands in what was printed; "…" leaves something out."""
    pieces = [re.escape(re.sub(r"\s+", "", piece)) for piece in said.split("…")]
    return re.search(".*".join(pieces), re.sub(r"\s+", "", printed), re.DOTALL) is not None


def type_in(command: str) -> str:
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_the_first_steps_print_what_they_are_said_to_print(stack):
    typed = list(steps())
    assert len(typed) >= 5
    for command, said in typed:
        there = command.replace("localhost:50051", f"localhost:{stack.grpc_port}")
        there = there.replace("localhost:5000", f"localhost:{stack.port}")
        printed = type_in(there)
        if " -d " in command:  # once: it changes something
            assert matches(printed, said), f"$ {command}\n{printed}"
        else:
            eventually(lambda there=there, said=said: matches(type_in(there), said), seconds=10)
