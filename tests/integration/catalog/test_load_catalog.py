import gzip
import io

import pytest
from django.core.management import CommandError, call_command

from catalog.importing.load import Load
from catalog.management.commands import load_catalog
from catalog.models import Product, ProductChange
from sdr.accounts.models import DEFAULT_TENANT_ID
from tests.factories import make_tenant

pytestmark = pytest.mark.django_db


class Run:
    """One call of the command, with what it printed and how it ended."""

    def __init__(self, *args, **options):
        out, err = io.StringIO(), io.StringIO()
        self.failure = ""
        self.status = 0
        try:
            call_command("load_catalog", *map(str, args), stdout=out, stderr=err, **options)
        except CommandError as error:
            self.failure, self.status = str(error), error.returncode
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def write(tmp_path):
    def write(name: str, text: str):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def lines(*skus: str) -> str:
    return "".join(f'{{"sku": "{sku}", "name": "Thing {sku}"}}\n' for sku in skus)


def test_files_of_every_kind_are_loaded_in_one_run(write):
    run = Run(
        write("a.jsonl", lines("1", "2")), write("b.jsonl.gz", lines("3")), write("c.csv", "sku,name\n4,Four\n1,One\n")
    )
    assert run.status == 0
    assert run.out.startswith("5 rows loaded: 4 created, 1 updated, 0 unchanged in ")
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["1", "2", "3", "4"]


def test_a_bad_row_is_named_by_file_line_and_reason_and_the_rest_is_loaded(write):
    run = Run(write("a.jsonl", lines("1") + '{"sku": "2", "name": "x", "price": -1}\n' + lines("3")))
    assert "a.jsonl:2: price: must not be negative" in run.err
    assert run.out.startswith("2 rows loaded: 2 created")
    assert (run.status, run.failure) == (1, "1 rows rejected, 0 files not read to their end.")


def test_only_the_first_problems_are_printed(write):
    run = Run(write("a.jsonl", "{\n" * 1000 + lines("1")))
    assert len(run.err.splitlines()) == load_catalog.MAX_PROBLEMS_SHOWN + 1
    assert "and 980 more" in run.err
    assert Product.objects.count() == 1


def test_a_file_that_is_not_there_does_not_keep_the_others_out(write, tmp_path):
    run = Run(tmp_path / "missing.jsonl", tmp_path, write("a.jsonl", lines("1")))
    assert "missing.jsonl: cannot be opened: No such file or directory" in run.err
    assert (run.status, Product.objects.count()) == (1, 1)


def test_a_strict_run_loads_nothing_if_anything_is_bad(write):
    run = Run(write("a.jsonl", lines("1", "2")), write("b.jsonl", lines("3") + "{\n"), strict=True, batch_size=1)
    assert run.status == 1
    assert run.failure.startswith("b.jsonl:2: row: is not JSON")
    assert "nothing was loaded" in run.failure
    assert not Product.objects.exists()
    assert not ProductChange.objects.exists()


def test_a_strict_run_of_good_files_loads_them(write):
    assert Run(write("a.jsonl", lines("1", "2")), strict=True).status == 0
    assert Product.objects.count() == 2


def test_ctrl_c_ends_a_run_with_what_it_loaded(write, monkeypatch):
    upsert = load_catalog.Load.__init__.__globals__["upsert_batch"]
    calls = []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return upsert(*args)

    monkeypatch.setattr("catalog.importing.load.upsert_batch", interrupted)
    run = Run(write("a.jsonl", lines(*"123456")), batch_size=1)
    assert run.status == load_catalog.INTERRUPTED
    assert "Interrupted. 2 rows loaded: 2 created" in run.failure
    assert Product.objects.count() == 2


def test_a_tenant_gets_its_own_catalogue(write):
    tenant = make_tenant("books")
    Run(write("a.jsonl", lines("1")), tenant="books")
    assert Product.objects.get().tenant == tenant


def test_an_unknown_tenant_is_told_with_the_known_ones(write):
    run = Run(write("a.jsonl", lines("1")), tenant="nobody")
    assert run.failure == "There is no tenant 'nobody'. There are: default"


def test_the_progress_reaches_the_size_of_the_files(write):
    seen = []
    paths = [write("a.jsonl", lines(*"123")), write("b.jsonl", lines(*"456"))]
    Load(DEFAULT_TENANT_ID, batch_size=1, on_progress=seen.append).run([str(path) for path in paths])
    assert seen == sorted(seen)
    assert seen[-1] == sum(path.stat().st_size for path in paths)


def test_the_sample_catalogue_loads_without_a_complaint(settings):
    files = sorted((settings.BASE_DIR / "catalog" / "sample").glob("*.jsonl"))
    assert files
    run = Run(*files)
    assert (run.status, run.err) == (0, "")


@pytest.mark.data
@pytest.mark.parametrize(("name", "n_products"), [("livostyle", 2766), ("amazon_in", 9810)])
def test_real_catalogues_load_whole_and_twice(data_dir, name, n_products):
    path = data_dir / "products" / f"{name}.jsonl.gz"
    first, second = Run(path), Run(path)
    assert first.out.startswith(f"{n_products:,} rows loaded")
    assert f"0 created, 0 updated, {n_products:,} unchanged" in second.out
