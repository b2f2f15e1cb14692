"""The figures in the documentation are those that were measured."""

import json

import pytest

from benchmarks import Figure, _document
from benchmarks.__main__ import QUICK, chosen, found_benches

MACHINE = {"cores": "2 cores", "cpu": "AMD EPYC"}


@pytest.fixture
def docs(tmp_path, monkeypatch):
    page = tmp_path / "benchmarks.md"
    page.write_text(f"Before.\n\n{_document.BEGIN}\nold\n{_document.END}\n\nAfter.\n")
    monkeypatch.setattr(_document, "PAGE", page)
    monkeypatch.setattr(_document, "FIGURES", tmp_path / "benchmarks.json")
    return page


def figure(bench, name, value):
    return Figure(bench, name, value, "ms", value / 100, "promised 100 ms")


def test_the_page_shows_what_was_measured_and_keeps_its_words(docs):
    _document.keep([figure("freshness", "p99", 42.25)], "2026-11-23T10:00:00+00:00", MACHINE, {"freshness": 31.6})
    page = docs.read_text()
    assert page.startswith("Before.\n")
    assert page.endswith("\nAfter.\n")
    assert "| p99 | 42.2 ms | 0.42 | promised 100 ms |" in page
    assert "**freshness**, 2026-11-23, 2 cores, AMD EPYC" in page
    assert "; took 32 s" in page
    assert "old" not in page


def test_a_bench_that_did_not_run_keeps_its_figures(docs):
    both = [figure("freshness", "p99", 42.0), figure("rest", "p50", 7.0)]
    _document.keep(both, "2026-11-22T10:00:00+00:00", MACHINE, {"freshness": 30.0, "rest": 20.0})
    _document.keep([figure("freshness", "p50", 3.0)], "2026-11-23T10:00:00+00:00", MACHINE, {"freshness": 31.6})
    page = docs.read_text()
    assert "| p99 | 42 ms |" not in page
    assert "| p50 | 3 ms | 0.03 |" in page
    assert "**rest**, 2026-11-22" in page


def test_the_documentation_is_what_its_json_says():
    page, kept = _document.PAGE.read_text(), json.loads(_document.FIGURES.read_text())
    assert _document.with_figures(page, kept) == page


def test_every_bench_is_in_the_quick_run_or_in_the_long_one():
    assert sorted(chosen(found_benches(), is_full=True)) == sorted(found_benches())
    assert set(chosen(found_benches(), is_full=False)) == set(QUICK)
