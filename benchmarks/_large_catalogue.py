"""A synthetic catalogue of a million products: load, build, memory, one answer; or where it breaks. For `make soak`."""

import argparse
import gzip
import json
import os
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import Bench, Skipped

LABEL = "Synthetic"
N_ASKED = 300


def products(hm: Path, n: int) -> Iterator[dict[str, Any]]:
    """Yield ``n`` products: H&M's articles again and again, each round with other words in names and texts.

    All say that they are synthetic. Words of a round are its own, so that rounds read alike, and not the same.
    """
    with gzip.open(hm, "rt") as lines:
        articles = [json.loads(line) for line in lines]
    for number, article in enumerate(islice(cycle(articles), n)):
        turn = number // len(articles)
        text = article["description"].split()
        for place in range(turn % 3, len(text), 3):
            text[place] = f"{text[place]}{turn}"
        yield article | {
            "sku": f"{article['sku']}-{turn}",
            "name": f"{article['name']} {LABEL} {turn}",
            "variant_group": f"{article['variant_group']}-{turn}",
            "description": " ".join(text),
            "tags": [*article["tags"], LABEL],
        }


def run(bench: Bench, n: int) -> None:
    from django.core.management import call_command

    from benchmarks import index_build

    made = products(bench.data_dir / "products" / "hm.jsonl.gz", n)
    with TemporaryDirectory() as directory, Path(os.devnull).open("w") as nowhere:
        file = Path(directory) / "synthetic.jsonl"
        with file.open("w") as out:
            out.writelines(json.dumps(product) + "\n" for product in made)
        started = time.perf_counter()
        call_command("load_catalog", str(file), stdout=nowhere, stderr=nowhere)
        bench.record("load", time.perf_counter() - started, "s", limit=f"{n:,} synthetic products")
    built = index_build.build_in_a_process_of_its_own()
    total, near = sum(built.phases.values()), built.phases["neighbours"]
    bench.record("build", total, "s", near / total, "share of the neighbours, which grow with the square")
    bench.record("build, processor time", built.cpu_seconds, "s", built.cpu_seconds / total, "cores kept busy")
    bench.record("build, peak memory", built.peak_mb, "MB", limit=f"{built.peak_mb * 1e6 / n:,.0f} bytes a product")
    size = sum(path.stat().st_size for path in index_build.active_artifact().iterdir())
    bench.record("artifact", size / 1e6, "MB", limit=f"{size / n:,.0f} bytes a product")
    _answer(bench)


def _answer(bench: Bench) -> None:
    import numpy as np

    from benchmarks.recommend import percentile, serving_it
    from recommendations import services, serving
    from recommendations.limits import DEFAULT_LIMIT
    from sdr.accounts.models import DEFAULT_TENANT, DEFAULT_TENANT_ID

    with serving_it():
        now, _ = serving.current(DEFAULT_TENANT)
        ids = np.random.default_rng(7).choice(now.index.catalogue.vocabulary.product_ids, N_ASKED).tolist()
        taken = []
        for product_id in ids:
            started = time.thread_time_ns()
            found = services.recommend_for_product(services.ProductQuery(DEFAULT_TENANT, DEFAULT_TENANT_ID, product_id))
            taken.append(time.thread_time_ns() - started)
            if len(found.items) != DEFAULT_LIMIT:
                raise RuntimeError(f"{len(found.items)} products beside {product_id}")
    bench.record("product page, p50", percentile(taken, 50), "µs", limit="products by chance: each is cold")
    bench.record("product page, p99", percentile(taken, 99), "µs")


def main() -> None:
    from rich.console import Console

    from benchmarks.__main__ import Report, show, throw_away_servers

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n_products", type=int)
    bench, console = Bench("large_catalogue"), Console()
    n = parser.parse_args().n_products
    try:
        with throw_away_servers():
            run(bench, n)
    except Skipped as reason:
        console.print(f"Skipped. {reason}.")
    finally:  # what was measured before it broke, too
        show(Report(bench.figures), console)


if __name__ == "__main__":
    main()
