"""What shops send: garbage, the same event twice, and events of ten minutes ago."""

from tests.integration.kills.load import Mix

MIX = Mix(garbage=0.01, duplicates=0.2, late_seconds=600)


def test_garbage_duplicates_and_latecomers_change_no_number_and_are_counted(shop):
    both = shop.start_both()
    load = shop.start_load(MIX)
    load.wait_for(2000)
    load.stop()
    shop.assert_exact(load.acknowledged)
    for process in both:
        assert process.n_processed("undecodable") == load.n_garbage > 0
        assert process.n_processed("duplicate") == load.n_duplicates > 0
        assert process.n_processed("applied") == len(load.acknowledged)


def test_nor_do_they_while_a_consumer_is_killed(shop):
    killed, _ = shop.start_all("consume_clicks", "consume_clicks")
    load = shop.start_load(MIX)
    load.wait_for(800)
    killed.kill()
    load.wait_for(800)
    load.stop()
    shop.assert_exact(load.acknowledged)
