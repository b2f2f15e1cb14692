"""REST and gRPC, asked the same and compared in the same shape: JSON, or the one shape of errors."""

import json
from dataclasses import dataclass, field
from typing import Any

import grpc
from django.test import Client
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from sdr.rpc.messages import plain

STATUS_OF_CODE = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 412,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
}


@dataclass
class Refusal(Exception):
    """What either door answers instead."""

    status: int
    code: str
    message: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    retry_after: int | None = None


class RestDoor:
    def __init__(self, key: str | None) -> None:
        self._headers = {"authorization": f"Bearer {key}"} if key else {}

    def __call__(self, method: str, path: str, body: Any = None, headers: Any = None, **query: Any) -> Any:
        """Return the decoded answer; raises Refusal."""
        data = b"" if body is None else json.dumps(body).encode()
        answer = Client(headers=self._headers | (headers or {})).generic(
            method, f"/api/{path}", data, "application/json", query_params=query
        )
        if answer.status_code < 400:
            return answer.json() if answer.content else {}
        told, later = answer.json()["error"], answer.headers.get("Retry-After")
        refused = Refusal(answer.status_code, told["code"], told["message"], told.get("fields", {}))
        refused.retry_after = int(later) if later else None
        raise refused


class GrpcDoor:
    def __init__(self, channel: grpc.Channel, key: str | None) -> None:
        self._channel = channel
        self._metadata = [("authorization", f"Bearer {key}")] if key else []

    def __call__(self, stub_class: Any, method: str, request: Any) -> Any:
        """Return the answer, or the list of a stream, as JSON; raises Refusal. An iterator is sent as a stream."""
        call = getattr(stub_class(self._channel), method)
        try:
            answer = call(request, metadata=self._metadata, timeout=20)
            return as_json(answer) if isinstance(answer, Message) else [as_json(message) for message in answer]
        except grpc.RpcError as error:
            raise refusal_of(error) from error


def refusal_of(error: Any) -> Refusal:
    refused = Refusal(STATUS_OF_CODE[error.code()], "", error.details())
    for packed in rpc_status.from_call(error).details:
        detail = getattr(error_details_pb2, packed.type_url.rpartition(".")[2])()
        packed.Unpack(detail)
        if isinstance(detail, error_details_pb2.ErrorInfo):
            refused.code = detail.reason
        elif isinstance(detail, error_details_pb2.BadRequest):
            for violation in detail.field_violations:
                refused.fields.setdefault(violation.field, []).append(violation.description)
        elif isinstance(detail, error_details_pb2.RetryInfo):
            refused.retry_after = detail.retry_delay.ToSeconds()
    return refused


def as_json(message: Message) -> Any:
    """Return a message as REST would show it: what is absent is null, enums are words, instants are ISO 8601."""
    if isinstance(message, Timestamp):
        return message.ToJsonString()
    if isinstance(message, Struct):
        return plain(message, "")
    return {descriptor.name: _value(message, descriptor) for descriptor in message.DESCRIPTOR.fields}


def _value(message: Any, descriptor: Any) -> Any:
    value = getattr(message, descriptor.name)
    if descriptor.message_type and descriptor.message_type.GetOptions().map_entry:
        return dict(value)
    if descriptor.is_repeated:
        return [_one(item, descriptor) for item in value]
    return None if descriptor.has_presence and not message.HasField(descriptor.name) else _one(value, descriptor)


def _one(value: Any, descriptor: Any) -> Any:
    if descriptor.enum_type:
        prefix = descriptor.enum_type.values_by_number[0].name.removesuffix("UNSPECIFIED")
        return descriptor.enum_type.values_by_number[value].name.removeprefix(prefix).lower()
    return as_json(value) if isinstance(value, Message) else value


def outcome(ask: Any, *args: Any, **kwargs: Any) -> Any:
    """Return what a door says, be it an answer or a refusal."""
    try:
        return ask(*args, **kwargs)
    except Refusal as refused:
        return refused
