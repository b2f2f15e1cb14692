"""Learners that are killed and frozen, and a Valkey that is set back: what follows what stays exact."""

from tests.integration.kills.load import Mix
from tests.integration.kills.test_valkey import WENT_BACK

MIX = Mix(n_sessions=300, garbage=0.01, duplicates=0.1)


def test_a_learner_that_is_killed_mid_batch_is_followed_exactly(shop):
    learner = shop.start_learner()
    load = shop.start_load(MIX)
    for _ in range(2):
        load.wait_for(400)
        learner.kill()
        learner = shop.start_learner()
    load.stop()
    shop.assert_learned_exactly(load.acknowledged)


def test_a_zombie_teaches_nothing_twice(shop):
    zombie, heir = shop.start_learner(), shop.start_learner()
    load = shop.start_load(MIX)
    load.wait_for(400)
    n_assignments = len(heir.said("reading"))
    zombie.pause()
    heir.wait_until_said("reading", times=n_assignments + 1)
    load.wait_for(200)
    zombie.resume()
    load.wait_for(400)
    load.stop()
    shop.assert_learned_exactly(load.acknowledged)


def test_valkey_restored_from_an_older_copy_is_taught_again(shop):
    learner = shop.start_learner()
    load = shop.start_load(MIX)
    load.wait_for(400)
    shop.valkey.save_copy()
    load.wait_for(1000)
    shop.valkey.restore_copy()
    load.wait_for(200)
    load.stop()
    learner.wait_until_said(WENT_BACK)
    shop.assert_learned_exactly(load.acknowledged)
