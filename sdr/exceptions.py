"""What can go wrong in SDR, each with the stable ``code`` that REST and gRPC answer with."""


class SdrError(Exception):
    """Base of every error a caller may see: its text is the message for people."""

    code = "error"


class InvalidInput(SdrError):
    """Something the caller sent is not acceptable; ``field`` names it."""

    code = "invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class NotFound(SdrError):
    """The thing that was asked for does not exist for this tenant."""

    code = "not_found"


class Conflict(SdrError):
    """What the caller wants to make is there already; ``field`` names what stands in the way."""

    code = "conflict"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class PreconditionFailed(SdrError):
    """The thing is no longer, or not yet, as the caller's If-Match or If-None-Match demands."""

    code = "precondition_failed"


class Unavailable(SdrError):
    """A server this request cannot do without did not answer; trying again may help."""

    code = "unavailable"

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class IndexNotReady(Unavailable):
    """No index is loaded for this tenant yet."""

    code = "index_not_ready"
