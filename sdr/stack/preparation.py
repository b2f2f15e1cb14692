"""What must be there before the processes start: tables, the staff user, products, an index."""

import os
import secrets
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from sdr.accounts.models import User

STAFF = "admin"


def prepare(*, sample: bool) -> None:
    """Bring Postgres up to date; with ``sample``, fill an empty catalogue."""
    call_command("migrate", verbosity=0, interactive=False)
    make_staff_user()
    if sample and not _has_products():
        call_command("load_catalog", *sample_files())
    call_command("rebuild_index", "--if-missing")
    connections.close_all()  # before the processes are forked from this one


def make_staff_user() -> None:
    """Make `admin` unless there is one. Its password is generated once and kept in :func:`password_file`."""
    users = User.objects
    if not users.filter(username=STAFF).exists():
        users.create_superuser(STAFF, password=_password())


def password_file() -> Path:
    return settings.VAR_DIR / "admin-password"


def sample_files() -> list[str]:
    return [str(path) for path in sorted((settings.BASE_DIR / "catalog" / "sample").glob("*.jsonl"))]


def _password() -> str:
    path = password_file()
    if not path.exists():
        # Created with its mode, so that there is no moment in which others may read it.
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(16) + "\n")
    return path.read_text().strip()


def _has_products() -> bool:
    # By name, because the catalogue stands above the platform.
    return apps.get_model("catalog", "Product").objects.exists()
