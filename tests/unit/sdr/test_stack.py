import sys

import pytest
from django.core.management import CommandError

from sdr.management.commands.waitfor import split_words
from sdr.stack import announcement
from sdr.stack.commands import commands
from sdr.stack.supervisor import describe_end


def test_waitfor_takes_names_and_a_command():
    assert split_words(["consumer", "grpc", "--", "granian", "--port", "1"]) == (
        ["consumer", "grpc"],
        ["granian", "--port", "1"],
    )


def test_the_command_may_have_a_separator_of_its_own():
    assert split_words(["grpc", "--", "run", "--", "x"]) == (["grpc"], ["run", "--", "x"])


@pytest.mark.parametrize("words", [[], ["--", "x"], ["grpc"], ["grpc", "--"], ["nobody", "--", "x"]])
def test_waitfor_refuses_what_it_does_not_know(words):
    with pytest.raises(CommandError, match="NAME is one of consumer, grpc"):
        split_words(words)


def test_web_starts_last_behind_its_gate():
    names = list(commands())
    assert names == ["consumer", "grpc", "archive", "sequences", "answers", "catalogue", "worker", "beat", "web"]
    web = commands()["web"]
    assert web[0] == sys.executable
    assert web[2:6] == ["waitfor", "consumer", "grpc", "--"]


@pytest.mark.parametrize(
    ("returncode", "words"),
    [(0, "ended with exit status 0"), (3, "ended with exit status 3"), (-9, "was ended by SIGKILL")],
)
def test_how_a_process_ended(returncode, words):
    assert describe_end(returncode) == words


def test_the_end_of_start_up_names_the_doors(settings):
    settings.PORT, settings.GRPC_PORT, settings.WEB_HOST = 5901, 50951, "0.0.0.0"
    text = announcement.addresses()
    for door in ("http://127.0.0.1:5901/api/\n", "/api/docs", "/admin/", "admin-password", "127.0.0.1:50951", "Ctrl-C"):
        assert door in text
