"""What shops send: garbage, the same event twice, and events of ten minutes ago."""

from tests.integration.kills.load import Mix


def test_garbage_stops_nothing_and_is_counted(shop):
    consumer = shop.start_consumer()
    load = shop.start_load(Mix(garbage=0.01))
    load.wait_for(2000)
    load.stop()
    shop.assert_exact(load.acknowledged)
    assert consumer.n_processed("undecodable") == load.n_garbage > 0


def test_events_that_were_sent_twice_count_once(shop):
    consumer = shop.start_consumer()
    load = shop.start_load(Mix(duplicates=0.2))
    load.wait_for(2000)
    load.stop()
    shop.assert_exact(load.acknowledged)
    assert consumer.n_processed("duplicate") == load.n_duplicates > 0


def test_late_events_count_at_their_own_time(shop):
    shop.start_consumer()
    load = shop.start_load(Mix(late_seconds=600))
    load.wait_for(2000)
    load.stop()
    shop.assert_exact(load.acknowledged)


def test_all_of_it_at_once_while_a_consumer_is_killed(shop):
    killed, _ = shop.start_consumer(), shop.start_consumer()
    load = shop.start_load(Mix(garbage=0.01, duplicates=0.2, late_seconds=600))
    load.wait_for(800)
    killed.kill()
    load.wait_for(800)
    load.stop()
    shop.assert_exact(load.acknowledged)
