import threading

import pytest

from sdr.rpc import inflow
from tests.eventually import eventually


class Context:
    """What a call's end looks like to its handler."""

    def __init__(self):
        self.callbacks = []

    def add_callback(self, callback):
        self.callbacks.append(callback)

    def end(self):
        for callback in self.callbacks:
            callback()


def test_every_message_comes_once_and_in_order():
    batches = list(inflow.batches(iter(range(1000)), Context(), most=64))
    assert [message for batch in batches for message in batch] == list(range(1000))
    assert max(map(len, batches)) <= 64


def test_an_empty_stream_has_no_batch():
    assert list(inflow.batches(iter(()), Context(), most=64)) == []


def test_what_broke_the_stream_off_is_raised_after_what_had_come():
    def broken():
        yield 1
        raise ConnectionError("gone")

    batches = inflow.batches(broken(), Context(), most=64)
    assert next(batches) == [1]
    with pytest.raises(ConnectionError):
        next(batches)


def test_no_more_than_a_batch_is_read_ahead():
    read = []
    batches = inflow.batches((read.append(n) or n for n in range(1000)), Context(), most=10)
    first = next(batches)
    assert eventually(lambda: len(read) == len(first) + 11)  # ten wait, and one is at the door


def test_a_call_that_ends_lets_everybody_go():
    context, is_over = Context(), threading.Event()

    def silent():
        yield 1
        is_over.wait(10)

    batches = inflow.batches(silent(), context, most=10)
    assert next(batches) == [1]
    context.end()
    assert list(batches) == []
    is_over.set()


def test_what_was_read_ahead_for_a_caller_who_has_left_is_dropped():
    context, read = Context(), []
    batches = inflow.batches((read.append(n) or n for n in range(100)), context, most=10)
    first = next(batches)
    assert eventually(lambda: len(read) == len(first) + 11)
    context.end()
    assert list(batches) == []
