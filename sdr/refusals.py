"""Refusals that say when to come again. A module of their own: DRF's views are made with what raises them."""

from rest_framework import exceptions, status

from sdr.exceptions import Unavailable
from sdr.ratelimits.limiter import RateLimited


class TooMany(exceptions.APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS

    def __init__(self, error: RateLimited) -> None:
        super().__init__(str(error), error.code)
        self.allowance = error.allowance
        self.wait = error.retry_after_seconds  # what DRF makes Retry-After from


class TryLater(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE

    def __init__(self, error: Unavailable) -> None:
        super().__init__(str(error), error.code)
        self.wait = error.retry_after_seconds
