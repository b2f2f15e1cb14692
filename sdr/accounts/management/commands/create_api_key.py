"""``manage.py create_api_key``: a key for a shop's backend, shown once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sdr.accounts.access import create_key
from sdr.accounts.models import DEFAULT_TENANT, Scope, Tenant


class Command(BaseCommand):
    help = "Make an API key and print it. Only its hash is kept: whoever loses the key makes another."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", default=DEFAULT_TENANT, help="whose key (default: %(default)s)")
        parser.add_argument(
            "--scopes",
            nargs="+",
            choices=Scope.values,
            default=Scope.values,
            metavar="SCOPE",
            help=f"what it may do, of {', '.join(Scope.values)} (default: everything)",
        )
        parser.add_argument("--name", default="", help="what it is for, to tell it by in the admin")

    def handle(self, *args: Any, tenant: str, scopes: list[str], name: str, **options: Any) -> None:
        owner = Tenant.objects.filter(slug=tenant, is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active tenant {tenant!r}.")
        _, key = create_key(owner, list(dict.fromkeys(scopes)), name=name)
        self.stdout.write(key)
