import gc

from sdr.collector import spare_what_is_there


def test_what_is_there_is_not_walked_any_more():
    there = [[]]
    try:
        spare_what_is_there()
        later = [[]]
        walked = {id(held) for held in gc.get_objects()}
        assert id(later) in walked
        assert id(there) not in walked
    finally:
        gc.unfreeze()
