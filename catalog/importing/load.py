"""The use case behind ``manage.py load_catalog``."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext

from django.db import transaction

from catalog.categories import CategoryIds
from catalog.importing import formats
from catalog.importing.source import Source, open_source
from catalog.rows import ProductRow
from catalog.services import BATCH_SIZE, UpsertResult, batched, upsert_batch


class Stopped(Exception):
    """A strict load met something it cannot load, and took everything back."""


class Load:
    """One run over some files. Its numbers hold at any moment, so an interrupted run can still tell."""

    def __init__(
        self,
        tenant_id: int,
        *,
        strict: bool = False,
        batch_size: int = BATCH_SIZE,
        on_progress: Callable[[int], None] = lambda _n_bytes: None,
        on_problem: Callable[[str], None] = lambda _problem: None,
    ) -> None:
        self.result = UpsertResult()
        self.n_rejected = 0
        self.n_unreadable = 0
        self._categories = CategoryIds(tenant_id)
        self._strict = strict
        self._batch_size = batch_size
        self._on_progress = on_progress
        self._on_problem = on_problem
        self._bytes_before = 0

    def run(self, names: Iterable[str]) -> None:
        """Load the files in order. Each batch is committed by itself; a strict run is one transaction.

        Raises :class:`Stopped` if it is strict and anything was bad; nothing is loaded then.
        """
        with transaction.atomic() if self._strict else nullcontext():
            for name in names:
                self._load_file(name)

    def _load_file(self, name: str) -> None:
        try:
            with open_source(name) as source:
                self._load_rows(source)
        except OSError as error:
            self._unreadable(f"{name}: cannot be opened: {error.strerror or error}")

    def _load_rows(self, source: Source) -> None:
        for batch in batched(self._good_rows(source), self._batch_size):
            self.result += upsert_batch(self._categories, batch)
            self._on_progress(self._bytes_before + source.position())
        self._bytes_before += source.position()

    def _good_rows(self, source: Source) -> Iterator[ProductRow]:
        for line_number, outcome in formats.rows(source):
            if isinstance(outcome, ProductRow):
                yield outcome
            elif isinstance(outcome, formats.Unreadable):
                self._unreadable(f"{source.name}:{line_number}: {outcome}")
            else:
                self._rejected(f"{source.name}:{line_number}: {outcome}")

    def _rejected(self, problem: str) -> None:
        self.n_rejected += 1
        self._tell(problem)

    def _unreadable(self, problem: str) -> None:
        self.n_unreadable += 1
        self._tell(problem)

    def _tell(self, problem: str) -> None:
        if self._strict:
            raise Stopped(problem)
        self._on_problem(problem)
