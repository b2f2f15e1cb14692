import pytest

from recommendations.index.holder import Holder
from recommendations.index.overlay import follower as module
from recommendations.index.overlay.follower import Follower


@pytest.fixture(autouse=True)
def _look_at_once(monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)


@pytest.fixture
def asked_for(monkeypatch) -> list[str]:
    """The tenants for which a rebuild was asked; nobody does it."""
    slugs = []
    monkeypatch.setattr(module.rebuild_index, "apply_async", lambda args, *_, **__: slugs.append(args[0]))
    return slugs


@pytest.fixture
def follower(tenant):
    made = Follower()
    yield made
    module.connection.close()  # and with it the locks


@pytest.fixture
def catch_up(follower):
    """Let the follower do all there is to do."""

    def run():
        while follower.step():
            pass

    return run


@pytest.fixture
def holder():
    return Holder()
