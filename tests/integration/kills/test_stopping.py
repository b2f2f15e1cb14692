"""SIGTERM ends a consumer within seconds and in order, whichever server is away; what is away is waited for."""

NOBODY = "127.0.0.1:1"


def test_a_consumer_stops_while_redis_is_down(shop):
    consumer = shop.start_consumer()
    load = shop.open_load()
    shop.valkey.kill()
    load.send(10)
    consumer.wait_until_said("waiting")
    consumer.stop()


def test_a_consumer_stops_while_kafka_is_down_and_the_next_waits_until_it_comes(shop):
    consumer = shop.start_consumer()
    shop.kafka.stop()
    following = shop.start_consumer(is_ready=False)
    consumer.wait_until_said("kafka")
    consumer.stop()
    following.wait_until_said("waiting")
    shop.kafka.start()
    load = shop.open_load()
    load.send(100)
    shop.assert_exact(load.acknowledged)


def test_a_consumer_stops_while_postgres_is_down(shop):
    consumer = shop.start_consumer(is_ready=False, DATABASE_URL=f"postgresql://nobody@{NOBODY}/nothing")
    consumer.wait_until_said("waiting")
    consumer.stop()


def test_a_consumer_that_finds_no_kafka_says_so_and_stops(shop):
    consumer = shop.start_consumer(is_ready=False, KAFKA_BOOTSTRAP_SERVERS=NOBODY)
    consumer.wait_until_said("waiting")
    assert f"Kafka does not answer at {NOBODY}" in consumer.said("waiting")[0]["reason"]
    consumer.stop()
