from datetime import datetime

from recommendations.index import naming


def test_a_name_tells_when_it_was_made(monkeypatch):
    now = datetime.fromisoformat("2026-11-23T10:00:05.400Z")
    monkeypatch.setattr("sdr.clock.now", lambda: now)
    name, other = naming.new_name(), naming.new_name()
    assert naming.built_at(name) == now.replace(microsecond=0)
    assert name != other
