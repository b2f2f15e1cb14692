"""`manage.py rebuild_index`: TF-IDF and neighbours anew, now; and which version serves."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column, Table

from recommendations.administration.quality import ndcg_of
from recommendations.index import rebuild, registry
from recommendations.index.artifact import BadArtifact
from recommendations.index.waiting import wait_for_index
from recommendations.models import IndexVersion
from sdr.accounts.models import DEFAULT_TENANT, Tenant
from sdr.embedded.signals import exit_on_sigterm
from sdr.exceptions import NotFound

_STEPS = {
    "read": "Reading the catalogue",
    "features": "Weighing words",
    "neighbours": "Finding neighbours",
    "publish": "Publishing",
}


WIDTH = 120  # where nobody looks on


class Command(BaseCommand):
    help = (
        "Build the index of one tenant's catalogue and let it serve. Celery beat does this when products change. "
        "With an option of the second group: look at the versions that are kept, and choose."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default=DEFAULT_TENANT, help="slug of the tenant (default: %(default)s)")
        parser.add_argument(
            "--if-missing", action="store_true", help="build only if no index serves yet; wait for another builder"
        )
        choices = parser.add_argument_group("versions").add_mutually_exclusive_group()
        choices.add_argument("--list", action="store_true", help="show the versions that are kept")
        choices.add_argument(
            "--activate", metavar="VERSION", help="let this version serve until --unpin; newer ones are built and wait"
        )
        choices.add_argument("--unpin", action="store_true", help="let the newest version serve, and later ones")

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        try:
            self._do(tenant, options)
        except (BadArtifact, NotFound) as error:
            raise CommandError(str(error)) from error

    def _do(self, tenant: Tenant, options: dict[str, Any]) -> None:
        if options["list"]:
            console = Console(width=None if self.stdout.isatty() else WIDTH)
            with console.capture() as captured:
                console.print(_table(tenant))
            self.stdout.write(captured.get())
        elif options["activate"]:
            rebuild.pin(registry.version_named(tenant, options["activate"]))
            self.stdout.write(f"Index {options['activate']} of {tenant.slug} serves now, until --unpin.")
        elif options["unpin"]:
            version = rebuild.unpin(tenant)
            self.stdout.write(f"Index {version} of {tenant.slug} serves now." if version else "There is no index yet.")
        elif not (options["if_missing"] and wait_for_index(tenant, self.stderr.write)):
            self._rebuild(tenant)

    def _rebuild(self, tenant: Tenant) -> None:
        exit_on_sigterm()  # so that `kill` frees the place, as Ctrl-C does
        name = _rebuild_with_bars(tenant)
        if name is None:
            raise CommandError("Another process is building this index already; try again when it is done.")
        serving = registry.active_version(tenant.slug)
        if serving and serving.artifact_name == name:
            self.stdout.write(f"Index {name} of {tenant.slug} serves now.")
        elif (built := registry.version_named(tenant, name)).status == IndexVersion.Status.WORSE:
            self.stdout.write(
                f"Index {name} of {tenant.slug} is built and set aside; {serving} goes on. {built.refusal}"
            )
        else:
            self.stdout.write(f"Index {name} of {tenant.slug} is built; {serving} serves until it is unpinned.")


def _rebuild_with_bars(tenant: Tenant) -> str | None:
    columns = [
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    ]  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {step: bars.add_task(label, total=None, start=False) for step, label in _STEPS.items()}

        def show(step: str, n_done: int, n_total: int) -> None:
            bars.start_task(tasks[step])
            bars.update(tasks[step], completed=n_done, total=n_total)

        return rebuild.rebuild(tenant, on_progress=show)


def _table(tenant: Tenant) -> Table:
    named = ("status", "products", "MB", "seconds", "built", "NDCG", "remark")
    table = Table(Column("version", no_wrap=True), *named, box=SIMPLE)
    for version in IndexVersion.objects.filter(tenant=tenant):
        remark = "pinned" if version.is_pinned else version.refusal
        size = f"{version.artifact_bytes / 1e6:.1f}"
        built = f"{version.created_at:%Y-%m-%d %H:%M:%S}"
        took = f"{version.build_seconds:.1f}"
        cells = (version.status, f"{version.n_products:,}", size, took, built, ndcg_of(version), remark)
        table.add_row(version.artifact_name, *cells)
    return table
