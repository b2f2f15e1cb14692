"""What must be true before SDR serves anybody, and before it is deployed."""

import ipaddress
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register  # noqa: A004  Django's name
from django.core.exceptions import ImproperlyConfigured

SETTINGS = "settings"
"""The tag of what must be true for any process. All other checks load every page there is, and take a second."""

MIN_SECRET_KEY_LENGTH = 50
MIN_UNIQUE_CHARACTERS = 5


def secret_key_problem() -> str | None:
    """Return what is wrong with SECRET_KEY when DEBUG is off, or None."""
    if settings.DEBUG:
        return None
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        return "SECRET_KEY is not set, and DEBUG is off."
    if len(key) < MIN_SECRET_KEY_LENGTH or len(set(key)) < MIN_UNIQUE_CHARACTERS:
        return f"SECRET_KEY is weak: it needs at least {MIN_SECRET_KEY_LENGTH} characters, chosen at random."
    return None


def refuse_to_serve_insecurely() -> None:
    """Raise ImproperlyConfigured where sessions could be forged. Servers call this at start; commands need not."""
    if problem := secret_key_problem():
        hint = "python -c 'import secrets; print(secrets.token_urlsafe(50))' makes one."
        raise ImproperlyConfigured(f"{problem} {hint}")


@register(Tags.security, deploy=True)
def check_secret_key(**_kwargs: Any) -> list[Error]:
    problem = secret_key_problem()
    return [Error(problem, id="sdr.E001")] if problem else []


@register(Tags.security, SETTINGS)
def check_trusted_proxies(**_kwargs: Any) -> list[Error]:
    """Refuse what is no network: a typing error here would be read as trust in nobody, or in others."""
    return [
        Error(f"TRUSTED_PROXIES: {problem}.", id="sdr.E002")
        for problem in (_network_problem(name) for name in settings.TRUSTED_PROXIES)
        if problem
    ]


@register(SETTINGS)
def check_half_life(**_kwargs: Any) -> list[Error]:
    """Refuse what would have lists forget everything at once, or keep all of it."""
    if settings.SEQUENCE_HALF_LIFE_DAYS >= 1:
        return []
    return [Error("SEQUENCE_HALF_LIFE_DAYS must be at least 1.", id="sdr.E003")]


@register(Tags.security, deploy=True)
def check_keys_are_required(**_kwargs: Any) -> list[Warning]:
    if settings.API_KEYS_REQUIRED:
        return []
    return [Warning("API_KEYS_REQUIRED is off: every process on this machine has every scope.", id="sdr.W001")]


def _network_problem(name: str) -> str | None:
    try:
        ipaddress.ip_network(name)
    except ValueError as error:
        return str(error)
    return None
