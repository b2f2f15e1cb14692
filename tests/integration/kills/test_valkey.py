"""Valkey killed and set back, under load, while the consumer and the learner keep running."""

WENT_BACK = "the state went back in time, so going back with it"


def wait_until_gone_back(processes):
    for process in processes:
        process.wait_until_said(WENT_BACK)


def test_valkey_that_is_killed_and_started_again_is_exact(shop):
    both = shop.start_both()
    load = shop.start_load()
    for _ in range(2):
        load.wait_for(400)
        shop.valkey.kill()
        load.wait_for(400)
        shop.valkey.start()
    load.wait_for(200)
    load.stop()
    assert all(process.said("waiting") for process in both)
    shop.assert_exact(load.acknowledged)


def test_what_valkey_had_not_yet_synced_is_filled_again(shop):
    both = shop.start_both()
    load = shop.start_load()
    load.wait_for(1500)
    shop.valkey.lose_the_end(100_000)
    load.wait_for(200)
    load.stop()
    wait_until_gone_back(both)
    shop.assert_exact(load.acknowledged)


def test_valkey_restored_from_an_older_copy_is_filled_again(shop):
    both = shop.start_both()
    load = shop.start_load()
    load.wait_for(400)
    shop.valkey.save_copy()
    load.wait_for(2500)
    shop.valkey.restore_copy()
    load.wait_for(200)
    load.stop()
    wait_until_gone_back(both)
    shop.assert_exact(load.acknowledged)


def test_a_copy_restored_while_nobody_clicks_is_noticed_too(shop):
    both = shop.start_both()
    load = shop.open_load()
    load.send(300)
    shop.wait_until_read()
    shop.valkey.save_copy()
    load.send(300)
    shop.wait_until_read()
    shop.valkey.restore_copy()
    wait_until_gone_back(both)
    shop.assert_exact(load.acknowledged)
