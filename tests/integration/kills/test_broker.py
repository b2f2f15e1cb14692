"""Kafka killed, its topics created anew, and its logs trimmed."""

from events import codec
from events.broker.topics import ensure_topics
from events.kinds import PRODUCT_CLICKS
from tests.integration.kills.load import Mix


def test_a_broker_that_is_killed_and_started_again_is_exact(shop):
    shop.start_both()
    load = shop.start_load()
    load.wait_for(400)
    shop.kafka.kill()
    shop.kafka.start()
    load.wait_for(400)
    load.stop()
    shop.assert_exact(load.acknowledged)


def test_a_topic_that_is_created_anew_is_read_from_its_beginning(shop):
    shop.start_both()
    # Until the new log is known for one, it is read from somewhere in its middle: what is learned first may stand last.
    load = shop.open_load(Mix(in_pairs=True))
    load.send(200)
    shop.wait_until_n_events(200)
    shop.delete_topics()
    ensure_topics()
    # So many at once that the new logs are longer than the old ones were: their beginnings are easily missed.
    load.send(3000)
    shop.assert_exact(load.acknowledged)


def test_a_trimmed_log_is_reported_and_exactly_its_events_are_missing(shop):
    shop.start_both()
    load = shop.open_load()
    load.send(400)
    shop.wait_until_read()
    shop.stop_consumers()
    load.send(400)
    trimmed = shop.trim(PRODUCT_CLICKS, 0, shop.stored_offset(PRODUCT_CLICKS, 0), 20)
    lost = {codec.decode(value).event_id for value in trimmed}

    consumer, learner = shop.start_both()
    shop.assert_exact([event for event in load.acknowledged if event.event_id not in lost], gaps=[20, 20])
    assert (consumer.n_processed("gap"), learner.n_processed("gap")) == (20, 20)


def test_what_a_trimmed_log_has_lost_is_filled_from_the_archive(shop):
    shop.start_archiver()
    consumer, learner = shop.start_both()
    load = shop.open_load()
    load.send(400)
    shop.wait_until_read()
    shop.valkey.save_copy()
    copied = shop.stored_offset(PRODUCT_CLICKS, 0)
    load.send(400)
    shop.wait_until_archived(load.acknowledged)
    shop.trim(PRODUCT_CLICKS, 0, copied, 20)
    shop.valkey.restore_copy()
    for process in (consumer, learner):
        process.wait_until_said("filled from the archive")
    load.send(100)
    shop.assert_exact(load.acknowledged)
    assert (consumer.n_processed("gap"), learner.n_processed("gap")) == (0, 0)
