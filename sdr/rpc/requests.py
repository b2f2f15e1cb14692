"""A call's id, as REST has it: the caller's own if it brings one, told back, and in every line that is logged."""

import random

import grpc
from structlog.contextvars import bind_contextvars

from sdr.http.middleware import is_request_id

KEY = "x-request-id"


def begin(context: grpc.ServicerContext) -> str:
    """Give the call its id and return it. gRPC runs each call in a context of its own: nothing needs to be cleared."""
    # A name and no secret: a call of the system would also hand the interpreter to another thread.
    request_id = _given(context) or f"{random.getrandbits(128):032x}"
    bind_contextvars(request_id=request_id)
    context.set_trailing_metadata(((KEY, request_id),))
    return request_id


def _given(context: grpc.ServicerContext) -> str | None:
    for key, value in context.invocation_metadata():
        if key == KEY:
            return value if is_request_id(value) else None
    return None
