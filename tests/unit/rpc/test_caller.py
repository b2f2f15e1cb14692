import pytest

from sdr.rpc import caller


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:127.0.0.1:50051", "127.0.0.1"),
        ("ipv6:%5B::1%5D:50051", "::1"),
        ("ipv6:[::ffff:10.0.0.7]:50051", "::ffff:10.0.0.7"),
        ("unix:/run/sdr.sock", None),
        ("", None),
    ],
)
def test_the_address_is_found_in_a_peer(peer, address):
    assert caller.remote_address(peer) == address


def test_outside_of_a_call_there_is_no_caller():
    with pytest.raises(LookupError):
        caller.current()
