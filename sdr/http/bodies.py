"""Bodies that do not say how long they are (``Transfer-Encoding: chunked``), which Django would take for empty."""

import io
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_READ_BYTES = 64 * 1024


def measured(application: Application, *, most: int) -> Application:
    """Return ``application``, given bodies with a length: read here up to ``most`` bytes, and no further.

    A longer one is passed on without its body and with a length that is one too many, for the middleware to refuse.
    """

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" in environ and not environ.get("CONTENT_LENGTH"):
            body = _read(environ["wsgi.input"], most + 1)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = io.BytesIO(body)
        return application(environ, start_response)

    return answer


def _read(stream: Any, most: int) -> bytes:
    parts: list[bytes] = []
    missing = most
    while missing and (part := stream.read(min(missing, _READ_BYTES))):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
