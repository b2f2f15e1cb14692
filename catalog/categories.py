"""Categories by path, made where they are missing."""

from collections.abc import Iterable

from django.db.models import QuerySet

from catalog.models import Category
from catalog.paths import free_slug, leaf_name, parent_path, paths_to


def paths_by_name(tenant_id: int, names: set[str]) -> dict[str, list[str]]:
    """Return where in the tree each name stands; [] for one that stands nowhere yet."""
    paths: dict[str, list[str]] = {name: [] for name in names}
    if names:
        for category in Category.objects.filter(tenant_id=tenant_id, name__in=names).order_by("path"):
            paths[category.name].append(category.path)
    return paths


class CategoryIds:
    """The tenant's categories by path, read when they are first asked for and kept for a whole load.

    Others may create categories meanwhile: what is found missing is inserted with ON CONFLICT DO NOTHING and read
    again, so two loads of the same catalogue end with one tree.
    """

    def __init__(self, tenant_id: int) -> None:
        self.tenant_id = tenant_id
        self._ids: dict[str, int] = {}
        self._slugs: set[str] = set()

    def for_paths(self, paths: Iterable[str]) -> dict[str, int]:
        """Return the id of each path, creating it and its parents as needed; "" is no category and is left out."""
        wanted = {path for path in paths if path}
        if missing := wanted - self._ids.keys():
            self._remember(Category.objects.filter(path__in=missing))
            missing -= self._ids.keys()
        if missing:
            self._remember(Category.objects.all())
            self._create({step for path in missing for step in paths_to(path)} - self._ids.keys())
        return {path: self._ids[path] for path in wanted}

    def _remember(self, categories: QuerySet[Category]) -> None:
        for path, pk, slug in categories.filter(tenant_id=self.tenant_id).values_list("path", "id", "slug"):
            self._ids[path] = pk
            self._slugs.add(slug)

    def _create(self, paths: set[str]) -> None:
        """Insert the shallow ones first. A slug that somebody took meanwhile leaves its path for the next round."""
        while paths:
            ready = sorted(path for path in paths if not parent_path(path) or parent_path(path) in self._ids)
            Category.objects.bulk_create([self._new(path) for path in ready], ignore_conflicts=True)
            self._remember(Category.objects.all())
            paths -= self._ids.keys()

    def _new(self, path: str) -> Category:
        slug = free_slug(path, self._slugs)
        self._slugs.add(slug)
        parent_id = self._ids.get(parent_path(path))
        return Category(tenant_id=self.tenant_id, parent_id=parent_id, name=leaf_name(path), path=path, slug=slug)
