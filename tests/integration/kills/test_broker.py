"""Kafka killed, its topics created anew, and its logs trimmed."""

from events import codec
from events.broker.topics import ensure_topics
from events.kinds import PRODUCT_CLICKS


def test_a_broker_that_is_killed_and_started_again_is_exact(shop):
    shop.start_consumer()
    load = shop.start_load()
    load.wait_for(400)
    shop.kafka.kill()
    shop.kafka.start()
    load.wait_for(400)
    load.stop()
    shop.assert_exact(load.acknowledged)


def test_a_topic_that_is_created_anew_is_read_from_its_beginning(shop):
    shop.start_consumer()
    load = shop.open_load()
    load.send(200)
    shop.wait_until_n_events(200)
    shop.kafka.delete_topics()
    ensure_topics()
    # So many at once that the new logs are longer than the old ones were: their beginnings are easily missed.
    load.send(3000)
    shop.assert_exact(load.acknowledged)


def trim(shop, first, n_offsets):
    """Have Kafka forget what lies before so many offsets after ``first``; return the ids of the events there."""
    trimmed = shop.kafka.records(PRODUCT_CLICKS, 0, first, first + n_offsets)
    shop.kafka.trim({(PRODUCT_CLICKS, 0): first + n_offsets})
    assert len(trimmed) == n_offsets
    return {codec.decode(value).event_id for value in trimmed}


def test_a_trimmed_log_is_reported_and_exactly_its_events_are_missing(shop):
    consumer = shop.start_consumer()
    load = shop.open_load()
    load.send(400)
    shop.wait_until_n_events(400)
    consumer.stop()
    load.send(400)
    trimmed = trim(shop, shop.stored_offset(PRODUCT_CLICKS, 0), 20)

    consumer = shop.start_consumer()
    shop.assert_exact([event for event in load.acknowledged if event.event_id not in trimmed], gaps=[20])
    assert consumer.n_processed("gap") == 20


def test_what_a_trimmed_log_has_lost_is_filled_from_the_archive(shop):
    consumer = shop.start_consumer()
    shop.start_archiver()
    load = shop.open_load()
    load.send(400)
    shop.wait_until_n_events(400)
    shop.valkey.save_copy()
    copied = shop.stored_offset(PRODUCT_CLICKS, 0)
    load.send(400)
    shop.wait_until_archived(load.acknowledged)
    trim(shop, copied, 20)
    shop.valkey.restore_copy()
    consumer.wait_until_said("filled from the archive")
    load.send(100)
    shop.assert_exact(load.acknowledged)
    assert consumer.n_processed("gap") == 0
