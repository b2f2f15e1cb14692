"""Learners that are killed, joined, left and frozen, under load: what follows what stays exact."""

from tests.integration.kills.test_consumer import leave
from tests.integration.kills.test_messages import MIX


def test_learners_that_are_killed_mid_batch_are_followed_exactly(shop):
    first, second = shop.start_all("learn_sequences", "learn_sequences")
    load = shop.start_load(MIX)
    load.wait_for(400)
    first.kill()
    load.wait_for(400)
    second.kill()
    shop.start_learner()
    load.stop()
    shop.assert_exact(load.acknowledged)


def test_partitions_that_wander_between_learners_are_learned_from_exactly(shop):
    staying = shop.start_learner()
    load = shop.start_load(MIX)
    coming_and_going = shop.start_learner()
    load.wait_for(400)
    leave(coming_and_going, staying)
    load.wait_for(200)
    load.stop()
    shop.assert_exact(load.acknowledged)


def test_a_zombie_teaches_nothing_twice(shop):
    zombie, heir = shop.start_all("learn_sequences", "learn_sequences")
    load = shop.start_load(MIX)
    load.wait_for(400)
    n_assignments = len(heir.said("reading"))
    zombie.pause()
    heir.wait_until_said("reading", times=n_assignments + 1)
    load.wait_for(200)
    zombie.resume()
    load.wait_for(400)
    load.stop()
    shop.assert_exact(load.acknowledged)
