import os
import signal

import pytest

from sdr.embedded import signals


@pytest.fixture
def _heeds_ctrl_c():
    """What a shell runs in the background ignores Ctrl-C from the start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heeds_ctrl_c")
def test_ctrl_c_waits_for_the_end_of_the_block():
    steps = []

    def interrupted_block():
        with signals.deferred():
            os.kill(os.getpid(), signal.SIGINT)
            steps.append("the block went on")

    with pytest.raises(KeyboardInterrupt):
        interrupted_block()
    assert steps == ["the block went on"]


def test_handlers_are_as_they_were_after_the_block():
    before = signal.getsignal(signal.SIGTERM)
    with signals.deferred():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_unwinds_like_an_exception():
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        signals.exit_on_sigterm()
        with pytest.raises(SystemExit) as exit_:
            os.kill(os.getpid(), signal.SIGTERM)
        assert exit_.value.code == 128 + signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, before)
