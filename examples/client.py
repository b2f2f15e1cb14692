"""A small typed client of SDR's gRPC door: one connection, a key, deadlines, and calls that outlive a restart.

``python -m examples.client localhost:50051`` shows what trends. See ``examples/README.md``.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Self

import grpc

from protos.catalog.v1 import catalog_pb2 as catalog
from protos.catalog.v1.catalog_pb2_grpc import ProductServiceStub
from protos.events.v1 import events_pb2 as events
from protos.events.v1.events_pb2_grpc import EventServiceStub
from protos.recommendations.v1 import recommendations_pb2 as recommendations
from protos.recommendations.v1.recommendations_pb2_grpc import RecommendationServiceStub

# CANCELLED too: gRPC says so to calls that arrive while a server says good-bye, and that it never began.
SERVICE_CONFIG = json.dumps({
    "methodConfig": [{
        "name": [{}],
        "waitForReady": True,
        "retryPolicy": {
            "maxAttempts": 5,
            "initialBackoff": "0.05s",
            "maxBackoff": "1s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
        },
    }]
})  # fmt: skip
OPTIONS = [("grpc.service_config", SERVICE_CONFIG), ("grpc.keepalive_time_ms", 60_000)]


class Client:
    """Safe for use by several threads. Calls raise ``grpc.RpcError``; streams are not repeated by themselves."""

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout_seconds: float = 2.0,
    ) -> None:
        """``address``: ``host:port``. ``key``: as ``manage.py create_api_key`` printed it; None on the same machine.

        ``credentials``: for TLS, ``grpc.ssl_channel_credentials(...)``; None for plain text.
        """
        if credentials is None:
            self._channel = grpc.insecure_channel(address, OPTIONS)
        else:
            self._channel = grpc.secure_channel(address, credentials, OPTIONS)
        self._metadata = [("authorization", f"Bearer {key}")] if key else []
        self._timeout = timeout_seconds
        self._products = ProductServiceStub(self._channel)
        self._events = EventServiceStub(self._channel)
        self._recommendations = RecommendationServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._channel.close()

    def recommend(
        self, sku: str, *, limit: int = 5, user_id: str | None = None
    ) -> list[recommendations.Recommendation]:
        """Return what to show beside a product, best first."""
        request = recommendations.GetRecommendationsRequest(sku=sku, limit=limit, user_id=user_id)
        answer = self._recommendations.GetRecommendations(request, metadata=self._metadata, timeout=self._timeout)
        return list(answer.recommendations)

    def trending(self, *, limit: int = 5, category: str | None = None) -> list[recommendations.TrendingProduct]:
        """Return what is hot now, hottest first."""
        request = recommendations.GetTrendingProductsRequest(limit=limit, category=category)
        answer = self._recommendations.GetTrendingProducts(request, metadata=self._metadata, timeout=self._timeout)
        return list(answer.trending)

    def products(self, *, category: str | None = None) -> Iterator[catalog.Product]:
        """Yield the products on sale, as the server finds them."""
        for found in self._products.List(catalog.ListRequest(category=category), metadata=self._metadata):
            yield found.product

    def upsert(self, rows: Iterable[catalog.ProductFields]) -> catalog.BulkUpsertResponse:
        """Create or change any number of products."""
        stream = (catalog.BulkUpsertRequest(fields=row) for row in rows)
        return self._products.BulkUpsert(stream, metadata=self._metadata)

    def track(self, sent: Iterable[events.Event]) -> events.TrackEventsResponse:
        """Send any number of events. Give them ids: after an error all may be sent again, and each counts once."""
        stream = (events.TrackEventsRequest(event=event) for event in sent)
        return self._events.TrackEvents(stream, metadata=self._metadata)


def main(address: str, key: str | None = None) -> None:
    with Client(address, key) as client:
        for item in client.trending():
            sys.stdout.write(f"{item.score:.2f}  {item.product.name}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
