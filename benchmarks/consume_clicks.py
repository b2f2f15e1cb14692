"""Events per second of one consumer: Apache Kafka into Valkey, all state included, clicks as skewed as H&M's."""

from benchmarks import Bench
from benchmarks._consuming import decode_only, publish, record, work_off
from benchmarks._live import apache_kafka, hm_clicks

N_EVENTS = 240_000
PROMISED_PER_SECOND = 30_000


def run(bench: Bench) -> None:
    with apache_kafka():
        from events.live.redis import RedisLiveState
        from events.sinks.live import LiveSink

        publish(hm_clicks(bench.data_dir, N_EVENTS), N_EVENTS)
        ceiling = decode_only(N_EVENTS)
        record(bench, work_off(LiveSink, RedisLiveState, N_EVENTS), ceiling, PROMISED_PER_SECOND)
