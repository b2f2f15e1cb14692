"""Edits that were folded in, beside an index that was built anew: the sample catalogue as a shop would change it."""

import random
from pathlib import Path

import numpy as np
import orjson
import pytest

from catalog.models import Product
from recommendations.index import registry
from recommendations.index.overlay.folding import Folding
from recommendations.index.rebuild import rebuild
from sdr.stack.preparation import sample_files
from tests.integration.recommendations.shop import Shop

N_NEW, N_EDITED = 30, 20


@pytest.fixture
def sample(tenant):
    """The sample catalogue without its last rows, indexed, and the rows that are to come."""
    rows = [orjson.loads(line) for path in sample_files() for line in Path(path).read_bytes().splitlines()]
    random.Random(7).shuffle(rows)
    shop = Shop(tenant, rows[N_NEW:])
    shop.rebuild()
    return shop, rows


def lists(index):
    """Return each product's neighbours, as the smallest ids of their groups, nearest first."""
    catalogue = index.catalogue
    ids = catalogue.vocabulary.product_ids

    def name(group):
        return int(ids[catalogue.group_rows[catalogue.group_starts[group] : catalogue.group_starts[group + 1]]].min())

    rows = [row for row in range(len(ids)) if catalogue.vocabulary.row_of(int(ids[row])) == row]
    return {
        int(ids[row]): [name(group) for group in index.similarity.neighbours(int(catalogue.groups[row]))[0].tolist()]
        for row in rows
    }


def overlap(ours, theirs, n):
    """Return the mean share of the first ``n`` of ``theirs`` that are among the first ``n`` of ``ours``."""
    shares = [len({*ours[pk][:n]} & {*theirs[pk][:n]}) / len(theirs[pk][:n]) for pk in theirs if theirs[pk]]
    return float(np.mean(shares))


def test_neighbours_are_those_of_a_rebuild_but_for_the_frequency_of_words(sample):
    shop, rows = sample
    shop.put(*rows[:N_NEW])
    edited = [shop.id_of(row["sku"]) for row in rows[N_NEW : N_NEW + N_EDITED]]
    for pk, donor in zip(edited, rows[N_NEW + N_EDITED :], strict=False):
        Product.objects.filter(pk=pk).update(name=donor["name"], description=donor["description"])
    folding = Folding(registry.active_version("default"))
    folding.finish()
    ours = lists(folding._state.index)
    rebuild(shop.tenant)
    theirs = lists(Folding(registry.active_version("default"))._state.index)
    assert ours.keys() == theirs.keys()
    fresh = {shop.id_of(row["sku"]) for row in rows[:N_NEW]} | set(edited)
    edited_only = {pk: theirs[pk] for pk in fresh}
    others = {pk: theirs[pk] for pk in theirs.keys() - fresh}
    # Measured: 0.982, 0.984 and 0.992. What is missing is idf, which moves with every product, and those who come
    # after the hundredth where one of the hundred left.
    assert overlap(ours, edited_only, 10) > 0.97
    assert overlap(ours, others, 10) > 0.97
    assert overlap(ours, others, 100) > 0.98
