"""What the OpenAPI document says of every operation alike: the errors, in their one shape, with their stable codes."""

from typing import Any, NamedTuple

from drf_spectacular.utils import OpenApiResponse

from sdr.errors import error_body

Schema = dict[str, Any]

_REFERENCE = {"$ref": "#/components/schemas/Error"}
# For an operation that has an error of its own: ``responses={409: ERROR}``.
ERROR = OpenApiResponse(response=_REFERENCE)


class _Error(NamedTuple):
    code: str
    message: str
    meaning: str
    field: str = ""


_ERRORS = {
    400: _Error(
        "invalid",
        "It must be a whole number.",
        "Something that was sent is not acceptable; fields names it. Code parse_error: the body cannot be read at all.",
        field="limit",
    ),
    401: _Error(
        "unauthenticated", "An API key is required: send 'Authorization: Bearer KEY'.", "No key, or a bad one."
    ),
    403: _Error("permission_denied", "This needs a key with another scope.", "The key does not allow it."),
    404: _Error("not_found", "There is no such product.", "It does not exist, or not for this tenant."),
    405: _Error("method_not_allowed", 'Method "PUT" not allowed.', "Not with this method."),
    406: _Error(
        "not_acceptable", "Could not satisfy the request Accept header.", "Not in the form that Accept asks for."
    ),
    409: _Error(
        "conflict",
        "sku: There is one already.",
        "It is there already. Code idempotency_in_progress: the first request with this key is still being answered.",
        field="sku",
    ),
    412: _Error("precondition_failed", 'If-Match fails: the ETag is "4" now.', "It is not what If-Match asks for."),
    413: _Error("too_large", "The request's body is too large.", "The body is too large."),
    415: _Error("unsupported_media_type", 'Unsupported media type "text/x".', "Not in a form that is read here."),
    422: _Error(
        "idempotency_key_reused", "This Idempotency-Key came with another request before.", "One key, two writes."
    ),
    429: _Error("rate_limited", "Too many requests.", "Too fast; Retry-After says how many seconds to wait."),
    503: _Error("unavailable", "The database did not answer.", "A server is away; Retry-After says when to try again."),
}
_ERROR_SCHEMA: Schema = {
    "type": "object",
    "description": "What every error looks like.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "Stable: for programs."},
                "message": {"type": "string", "description": "For people; may change."},
                "fields": {
                    "type": "object",
                    "description": "What is wrong with which field or parameter.",
                    "additionalProperties": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}


def document_errors(result: Schema, **_hook: Any) -> Schema:
    """Add to each operation the errors that any of its kind may answer, and describe its own."""
    result["components"].setdefault("schemas", {})["Error"] = _ERROR_SCHEMA
    # drf-spectacular's decorators cannot be imported where the doors are.
    doors = result["paths"]["/api/"]["get"]["responses"]["200"]["content"]["application/json"]
    doors["examples"] = {"Answer": {"value": {"doors": {"products": "https://sdr.example/api/products"}}}}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            for status in _statuses(path, operation) | {int(code) for code in responses if int(code) in _ERRORS}:
                responses[str(status)] = _documented(_ERRORS[status])
            operation["responses"] = dict(sorted(responses.items()))
    return result


def _statuses(path: str, operation: Schema) -> set[int]:
    """Return what may go wrong with an operation, judging by what it takes."""
    has_key = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    takes_parameters = any(parameter["in"] in {"query", "path"} for parameter in operation.get("parameters", ()))
    return (
        {406}
        | ({400} if takes_parameters or "requestBody" in operation else set())
        | ({400, 409, 422} if has_key else set())
        | ({413, 415} if "requestBody" in operation else set())
        | ({404} if "{" in path else set())
        | ({401, 403, 429, 503} if operation.get("security") else set())
    )


def _documented(error: _Error) -> Schema:
    fields = {error.field: [error.message.partition(": ")[2] or error.message]} if error.field else None
    body = error_body(error.code, error.message, fields)
    example = {error.code: {"value": body}}
    return {
        "description": error.meaning,
        "content": {"application/json": {"schema": _REFERENCE, "examples": example}},
    }
