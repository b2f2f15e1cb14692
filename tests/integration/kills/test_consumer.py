"""Consumers that are killed, joined, left and frozen, under load."""


def test_a_consumer_that_is_killed_mid_batch_is_followed_exactly(shop):
    consumer = shop.start_consumer()
    load = shop.start_load()
    load.wait_for(400)
    consumer.kill()
    shop.start_consumer()
    load.wait_for(200)
    load.stop()
    shop.assert_exact(load.acknowledged)


def test_a_consumer_that_is_killed_amid_an_erasure_brings_no_erased_user_back(shop):
    shop.start_eraser()
    consumer = shop.start_consumer()
    load = shop.open_load()
    load.send(400)
    shop.wait_until_n_events(400)
    consumer.pause()
    load.send(4000)  # of all users, and under way when two of them go
    shop.erase("u-3", "u-7")
    consumer.resume()
    shop.wait_until_n_events(600)
    consumer.kill()
    shop.start_consumer()
    shop.assert_exact(load.acknowledged)
    kept = {key.rpartition(b":u:")[2] for key in shop.valkey.client.scan_iter(match="*:u:u-*")}
    assert b"u-4" in kept
    assert not kept & {b"u-3", b"u-7"}


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
