"""From an exception to what the caller is told: REST's code, message and fields, as a standard status with details."""

import logging
from dataclasses import dataclass, field

import grpc
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from sdr import errors as rest
from sdr.exceptions import SdrError

logger = logging.getLogger(__name__)

DOMAIN = "sdr"
UNFORESEEN = "error"
_CODE_OF_HTTP_STATUS = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Status:
    """What a failed call answers. ``reason``: REST's stable code; ``fields``: what is wrong with which."""

    code: grpc.StatusCode
    reason: str
    message: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    retry_after_seconds: float | None = None

    def trailing_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """Return the ``google.rpc`` details, and when to come again as REST's header says it."""
        proto = status_pb2.Status(code=code_pb2.Code.Value(self.code.name), message=self.message)
        for detail in self._details():
            proto.details.append(_packed(detail))
        later = () if self.retry_after_seconds is None else (("retry-after", f"{self.retry_after_seconds:g}"),)
        return (*rpc_status.to_status(proto).trailing_metadata, *later)

    def _details(self) -> list[Message]:
        details: list[Message] = [error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN)]
        if self.fields:
            violation = error_details_pb2.BadRequest.FieldViolation
            violations = [
                violation(field=name, description=text) for name, texts in self.fields.items() for text in texts
            ]
            details.append(error_details_pb2.BadRequest(field_violations=violations))
        if self.retry_after_seconds is not None:
            later = error_details_pb2.RetryInfo()
            later.retry_delay.FromMilliseconds(int(self.retry_after_seconds * 1000))
            details.append(later)
        return details


def status_of(error: Exception) -> Status:
    """Return the status for ``error``; INTERNAL for what nobody foresaw."""
    if isinstance(error, NotImplementedError):
        return Status(grpc.StatusCode.UNIMPLEMENTED, "unimplemented", "This method is not served yet.")
    # REST's own word, so that both doors say the same.
    answer = rest.exception_handler(Http404() if isinstance(error, ObjectDoesNotExist) else error, {})
    if answer is None:
        return _unknown_to_rest(error)
    told = answer.data["error"]
    code = _CODE_OF_HTTP_STATUS.get(answer.status_code, grpc.StatusCode.UNKNOWN)
    later = answer.headers.get("Retry-After")
    return Status(code, told["code"], told["message"], told.get("fields", {}), float(later) if later else None)


def _unknown_to_rest(error: Exception) -> Status:
    if isinstance(error, SdrError):
        return Status(grpc.StatusCode.FAILED_PRECONDITION, error.code, str(error))
    return Status(grpc.StatusCode.INTERNAL, UNFORESEEN, "Something went wrong on our side.")


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
