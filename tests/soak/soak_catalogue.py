"""A catalogue larger than any shop's data here: `make soak ARGS="-k catalogue --products 300000"`."""

import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.timeout(4 * 3600)
def test_a_large_catalogue_is_loaded_indexed_and_served(request, data_dir, capfd):
    n_products = request.config.getoption("--products")
    command = [sys.executable, "-m", "benchmarks._large_catalogue", str(n_products)]
    with capfd.disabled():  # the figures are for who runs it
        ended = subprocess.run(command, cwd=settings.BASE_DIR, check=False)
    assert ended.returncode == 0
