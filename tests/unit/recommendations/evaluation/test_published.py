import json

import pytest
from django.core.management import call_command


@pytest.mark.data
def test_item_knn_on_diginetica_is_what_others_have_found(data_dir, tmp_path):
    files = [str(data_dir / "sessions" / f"diginetica_{part}.tsv.gz") for part in ("train", "test")]
    path = tmp_path / "report.json"
    call_command(
        "evaluate", "--sessions", *files, "--scorers", "popularity,item_knn", "--draws", "0", "--json", str(path)
    )
    report = json.loads(path.read_text())
    popularity, item_knn = (row["metrics"] for row in report["rows"])
    assert report["data"]["n_cases"] == 60_858
    assert (item_knn["hit_rate@20"], item_knn["mrr@20"]) == pytest.approx((0.3505, 0.1100), abs=0.0005)
    assert (popularity["hit_rate@20"], popularity["mrr@20"]) == pytest.approx((0.0093, 0.0021), abs=0.0001)
