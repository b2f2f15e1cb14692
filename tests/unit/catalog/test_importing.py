import csv
import gzip
import io

import pytest

from catalog.importing.formats import Unreadable, rows
from catalog.importing.source import MAX_LINE_BYTES, open_source, total_size
from catalog.rows import ProductRow


@pytest.fixture
def outcomes(tmp_path):
    """Write a file and read its rows: the SKU of a good one, the message of a bad one, by line number."""

    def read(content: bytes, name: str = "products.jsonl") -> dict[int, str]:
        path = tmp_path / name
        path.write_bytes(content)
        with open_source(str(path)) as source:
            return {
                line: outcome.sku if isinstance(outcome, ProductRow) else str(outcome) for line, outcome in rows(source)
            }

    return read


GOOD = b'{"sku": "a", "name": "A"}\n'
TABLE = b"sku,name,tags\r\na,Alpha,x|y\r\n"


def test_a_bad_line_does_not_stop_the_ones_after_it(outcomes):
    assert outcomes(GOOD + b"{oops\n" + b"\n" + GOOD.replace(b'"a"', b'"b"')) == {
        1: "a",
        2: "row: is not JSON: JSON is malformed: object keys must be strings (byte 1)",
        4: "b",
    }


def test_a_byte_order_mark_is_no_part_of_the_first_row(outcomes):
    assert outcomes(b"\xef\xbb\xbf" + GOOD) == {1: "a"}
    assert outcomes(b"\xef\xbb\xbf" + TABLE, "products.csv") == {2: "a"}


def test_an_empty_file_has_no_rows(outcomes):
    assert outcomes(b"") == {}
    assert outcomes(b"", "products.csv") == {}


def test_an_array_is_refused_with_the_way_out(outcomes):
    assert "one object a line" in outcomes(b"[\n" + GOOD + b"]")[1]


@pytest.mark.parametrize("name", ["products.jsonl.gz", "no-ending"])
def test_gzip_and_json_are_known_by_their_content(outcomes, name):
    assert outcomes(gzip.compress(GOOD), name) == {1: "a"}


@pytest.mark.parametrize("name", ["products.csv", "products.csv.gz", "no-ending"])
def test_csv_is_known_by_its_ending_or_its_content(outcomes, name):
    assert outcomes(gzip.compress(TABLE), name) == {2: "a"}


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
def test_the_delimiter_is_the_one_of_the_first_line(outcomes, delimiter):
    assert outcomes(TABLE.replace(b",", delimiter), "products.csv") == {2: "a"}


def test_a_gzip_file_that_was_cut_gives_what_is_left_and_then_says_so(outcomes):
    lines = b"".join(b'{"sku": "%d", "name": "%d"}\n' % (n, hash((n, "x"))) for n in range(5000))
    found = outcomes(gzip.compress(lines)[:-2000])
    assert found[1] == "0"
    assert "cannot be read any further" in found[max(found)]


def test_a_line_without_end_is_refused_without_being_held(outcomes):
    found = outcomes(b'{"sku": "' + b"x" * (3 * MAX_LINE_BYTES) + b'"}\n' + GOOD)
    assert found == {1: f"row: is longer than {MAX_LINE_BYTES} bytes", 2: "a"}


def test_a_row_over_several_lines_is_named_by_its_first(outcomes):
    found = outcomes(b'sku,name,price\na,"two\nlines",x\nb,B,1\n', "products.csv")
    assert found == {2: "price: Invalid decimal string", 4: "b"}


def test_bytes_that_are_not_utf8_cost_their_row_only(outcomes):
    assert outcomes(b"sku,name\na,\xff\nb,B\n", "products.csv") == {2: "row: is not UTF-8", 3: "b"}


@pytest.mark.parametrize("cells", [b"a", b"a,A,x,more"])
def test_a_row_of_the_wrong_length_is_refused(outcomes, cells):
    assert outcomes(b"sku,name,tags\n" + cells + b"\nb,B,\n", "products.csv")[3] == "b"


def test_a_cell_beyond_all_measure_costs_its_row_only(outcomes):
    huge = b"x" * (csv.field_size_limit() + 10)
    found = outcomes(b"sku,name\na," + huge + b"\nb,B\n", "products.csv")
    assert "is not CSV" in found[2]
    assert found[3] == "b"


@pytest.mark.parametrize("header", [b"name,price\n", b"sku,name,name\n"])
def test_a_first_line_that_cannot_be_used_is_told(tmp_path, header):
    path = tmp_path / "products.csv"
    path.write_bytes(header + b"a,A\n")
    with open_source(str(path)) as source:
        [(_, outcome)] = rows(source)
    assert isinstance(outcome, Unreadable)


def test_column_names_may_be_written_as_titles(outcomes):
    assert outcomes(b" SKU , Name ,Rating Count\na,A,3\n", "products.csv") == {2: "a"}


def test_progress_counts_the_bytes_of_the_file_as_it_lies_on_the_disk(tmp_path):
    path = tmp_path / "products.jsonl.gz"
    path.write_bytes(gzip.compress(GOOD * 100))
    with open_source(str(path)) as source:
        assert sum(1 for _ in source.lines()) == 100
        assert source.position() == total_size([str(path)])


def test_nobody_knows_how_long_a_pipe_is():
    assert total_size(["-"]) is None


def test_a_dash_is_standard_input(monkeypatch):
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(GOOD)))
    monkeypatch.setattr("sys.stdin", stdin)
    with open_source("-") as source:
        assert [line for line, _ in rows(source)] == [1]
