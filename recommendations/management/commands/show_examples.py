"""`manage.py show_examples`: products with their recommendations, to read as a shopper would."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommendations.examples import page_of, spread
from recommendations.index import registry, store
from recommendations.index.index import load_index
from recommendations.models import ScoringProfile
from sdr.accounts.models import DEFAULT_TENANT

_HEAD = """# Examples

What SDR shows beside {n} products of a catalogue in which nobody has clicked yet: as made by
`manage.py show_examples`. Read it as a shopper would. [scoring.md](scoring.md) says where the scores come from.
"""


class Command(BaseCommand):
    help = (
        "Print, as Markdown, some products with what is shown beside them while nothing is hot: what the texts of the "
        "catalogue and the scoring profile make of it. Products stand evenly over the SKUs unless they are named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("skus", nargs="*", help="of the products to show")
        parser.add_argument("--tenant", default=DEFAULT_TENANT, help="slug of the tenant")
        parser.add_argument("-n", type=int, default=10, choices=range(1, 101), metavar="1-100", help="how many")

    def handle(self, *_args: Any, skus: list[str], tenant: str, n: int, **_options: Any) -> None:
        version = registry.active_version(tenant)
        if version is None:
            raise CommandError(f"The tenant {tenant!r} has no index yet: run `manage.py rebuild_index`.")
        index = load_index(store.fetch(tenant, version.artifact_name), tenant=tenant)
        named = {sku: index.row_of(None, sku) for sku in skus}
        if unknown := [sku for sku, row in named.items() if row is None]:
            raise CommandError(f"The index does not have {', '.join(unknown)}.")
        rows = [row for row in named.values() if row is not None] or spread(index, n)
        profile = ScoringProfile.objects.filter(tenant__slug=tenant).first() or ScoringProfile()
        self.stdout.write(_HEAD.format(n=len(rows)) + "\n")
        for line in page_of(index, profile.weights(), rows):
            self.stdout.write(line)
