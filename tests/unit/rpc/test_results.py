from sdr.rpc.results import BoundedResults


def told(n, *, most, keeps_all):
    """Add 0, 1, … n-1; those that end in 9 are bad, and matter."""
    results = BoundedResults(lambda number: number % 10 == 9, most=most, keeps_all=keeps_all)
    for start in range(0, n, 7):
        results.add(("bad" if number % 10 == 9 else "good", number) for number in range(start, min(start + 7, n)))
    return results


def test_of_a_short_stream_everything_is_kept():
    assert told(25, most=25, keeps_all=True).kept == list(range(25))


def test_of_a_longer_one_only_what_matters():
    assert told(26, most=25, keeps_all=True).kept == [9, 19]


def test_never_more_than_the_bound_is_kept_and_everything_is_counted():
    results = told(1000, most=25, keeps_all=True)
    assert results.kept == list(range(9, 250, 10))
    assert (results.counts["bad"], results.counts["good"], results.total) == (100, 900, 1000)


def test_what_matters_is_kept_from_the_start_where_nothing_else_is():
    assert told(26, most=25, keeps_all=False).kept == [9, 19]
