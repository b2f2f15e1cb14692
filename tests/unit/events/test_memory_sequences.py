"""The oracle keeps the contract that Redis is held to."""

import pytest

from events.live.sequences.memory import MemorySequences
from tests.unit.events.sequence_state_contract import SequenceStateContract


class TestMemorySequences(SequenceStateContract):
    @pytest.fixture
    def state(self):
        return MemorySequences()
