"""Consumers that are killed, joined, left and frozen, under load."""


def leave(going, staying):
    """Have one end; return when the partitions were dealt out anew to the other."""
    n_assignments = len(staying.said("partitions assigned"))
    going.stop()
    staying.wait_until_said("partitions assigned", times=n_assignments + 1)


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
    shop.erase(load.users[3], load.users[7])
    consumer.resume()
    shop.wait_until_n_events(600)
    consumer.kill()
    shop.start_consumer()
    shop.assert_exact(load.acknowledged)
    kept = {key.decode().rpartition(":u:")[2] for key in shop.valkey.client.scan_iter(match="*:u:*")}
    assert load.users[4] in kept
    assert not kept & {load.users[3], load.users[7]}


def test_partitions_that_wander_between_consumers_are_read_exactly(shop):
    staying = shop.start_consumer()
    load = shop.start_load()
    for coming_and_going in shop.start_all("consume_clicks", "consume_clicks"):
        load.wait_for(400)
        leave(coming_and_going, staying)
    load.wait_for(200)
    load.stop()
    shop.assert_exact(load.acknowledged)


def test_a_zombie_doubles_nothing(shop):
    zombie, heir = shop.start_all("consume_clicks", "consume_clicks")
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
