"""The oracle keeps the contract that Redis is held to."""

import pytest

from events.live.memory import MemoryLiveState
from tests.unit.events.live_state_contract import LiveStateContract


class TestMemoryLiveState(LiveStateContract):
    @pytest.fixture
    def state(self):
        return MemoryLiveState()
