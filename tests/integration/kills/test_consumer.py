"""Consumers that are killed, joined, left and frozen, under load."""


def test_a_consumer_that_is_killed_mid_batch_is_followed_exactly(shop):
    consumer = shop.start_consumer()
    load = shop.start_load()
    for _ in range(2):
        load.wait_for(400)
        consumer.kill()
        consumer = shop.start_consumer()
    load.wait_for(200)
    load.stop()
    shop.assert_exact(load.acknowledged)


def test_partitions_that_wander_between_consumers_are_read_exactly(shop):
    staying = shop.start_consumer()
    load = shop.start_load()
    for _ in range(2):
        coming_and_going = shop.start_consumer()
        load.wait_for(400)
        coming_and_going.stop()
    load.wait_for(200)
    load.stop()
    assert len(staying.said("partitions assigned")) >= 4
    shop.assert_exact(load.acknowledged)


def test_a_zombie_doubles_nothing(shop):
    zombie, heir = shop.start_consumer(), shop.start_consumer()
    load = shop.start_load()
    load.wait_for(400)
    n_assignments = len(heir.said("reading"))
    zombie.pause()
    heir.wait_until_said("reading", times=n_assignments + 1)
    load.wait_for(400)
    zombie.resume()
    load.wait_for(400)
    load.stop()
    shop.assert_exact(load.acknowledged)
