"""A load generator stays on this machine unless it is told otherwise."""

import pytest

from events.simulation.opening import refuse_unwanted_targets
from events.simulation.options import Options
from events.simulation.targets import bootstrap_hosts, is_loopback
from sdr.exceptions import InvalidInput


def asked(url="http://127.0.0.1:5000", via="rest", tenant="default", **more):
    return Options(tenant=tenant, via=via, url=url, **more)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST", "a.localhost"])
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "10.0.0.1", "0.0.0.0", "example.com", "localhost.example.com", "127.0.0.1.nip.io"]
)
def test_other_machines(host):
    assert not is_loopback(host)


@pytest.mark.parametrize("url", ["http://example.com", "https://10.0.0.1:5000/shop"])
def test_another_machine_is_refused_unless_it_is_allowed(url):
    with pytest.raises(InvalidInput, match="not this machine"):
        refuse_unwanted_targets(asked(url))
    refuse_unwanted_targets(asked(url, allow_remote=True))


@pytest.mark.parametrize("url", ["", "127.0.0.1:5000", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InvalidInput, match="address"):
        refuse_unwanted_targets(asked(url))


def test_every_broker_must_be_here(settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:9092,PLAINTEXT://kafka.example.com:9092"
    assert bootstrap_hosts(settings.KAFKA_BOOTSTRAP_SERVERS) == ["127.0.0.1", "kafka.example.com"]
    with pytest.raises(InvalidInput, match=r"kafka\.example\.com"):
        refuse_unwanted_targets(asked(via="kafka"))
    settings.KAFKA_BOOTSTRAP_SERVERS = "localhost:9092,[::1]:9092"
    refuse_unwanted_targets(asked(via="kafka"))


def test_over_rest_another_tenant_needs_its_key():
    with pytest.raises(InvalidInput, match="api-key"):
        refuse_unwanted_targets(asked(tenant="cutlers"))
    refuse_unwanted_targets(asked(tenant="cutlers", api_key="sdr_x"))
    refuse_unwanted_targets(asked(tenant="cutlers", via="kafka"))
