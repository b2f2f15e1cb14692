"""Calls of the probe, as its clients make them, and what was measured of them."""

import grpc
import pytest
from google.protobuf.wrappers_pb2 import Int64Value, StringValue
from prometheus_client import REGISTRY

from tests.integration.rpc import probe


def call(channel, method, request="", key=None):
    stub = channel.unary_unary(f"/{probe.NAME}/{method}", StringValue.SerializeToString, StringValue.FromString)
    return stub(StringValue(value=request), metadata=bearer(key), timeout=10).value


def count(channel, n, key):
    stub = channel.unary_stream(f"/{probe.NAME}/Count", Int64Value.SerializeToString, Int64Value.FromString)
    return stub(Int64Value(value=n), metadata=bearer(key), timeout=10)


def bearer(key):
    return [("authorization", f"Bearer {key}")] if key else []


def refusal(channel, method, request="", key=None):
    with pytest.raises(grpc.RpcError) as refused:
        call(channel, method, request, key)
    return refused.value.code(), refused.value.details()


def future(channel, method, key, timeout=None, request=""):
    stub = channel.unary_unary(f"/{probe.NAME}/{method}", StringValue.SerializeToString, StringValue.FromString)
    return stub.future(StringValue(value=request), metadata=bearer(key), timeout=timeout)


def request_id(channel, metadata, method="Tenant"):
    """Return the id that the server tells a call with ``metadata``, answered or refused."""
    stub = channel.unary_unary(f"/{probe.NAME}/{method}", StringValue.SerializeToString, StringValue.FromString)
    ended = stub.future(StringValue(), metadata=metadata, timeout=10)
    ended.exception()
    return dict(ended.trailing_metadata())["x-request-id"]


def n_measured(method, status):
    labels = {"method": f"/{probe.NAME}/{method}", "status": status}
    return REGISTRY.get_sample_value("sdr_grpc_request_seconds_count", labels) or 0
