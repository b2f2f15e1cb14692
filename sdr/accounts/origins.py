"""Origins, as browsers write them: scheme, host, and the port where it is not the usual one."""

import re

from django.core.exceptions import ValidationError

_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")


def validate_origin(value: str) -> None:
    """Raise Django's ValidationError unless ``value`` reads like an Origin header: ``https://shop.example``."""
    if not _ORIGIN.fullmatch(value):
        raise ValidationError(f"{value!r} is no origin: write https://shop.example, without a path, in lower case.")
