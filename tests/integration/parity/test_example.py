"""The client in examples/, against the real server."""

from examples.client import Client
from protos.catalog.v1.catalog_pb2 import ProductFields
from protos.events.v1.events_pb2 import Event
from tests.eventually import eventually
from tests.integration.recommendations.shop import Shop


def test_the_example_client_does_what_it_says(doors, address):
    with Client(address, doors.key, timeout_seconds=20) as client:
        told = client.upsert([ProductFields(sku="board", name="Oak board", category="Home > Kitchen > Pans")])
        assert told.created == 1
        Shop(doors.tenant).rebuild()
        assert "board" in {product.sku for product in client.products(category="Kitchen")}
        assert len(client.recommend("kettle/red", limit=3)) == 3
        assert len(client.trending(limit=2)) == 2
        tracked = eventually(lambda: client.track([Event(sku="board", session_id="s-9"), Event(sku="board")]))
        assert (tracked.accepted, tracked.rejected) == (1, 1)
