"""Events per second of one consumer: Apache Kafka into Valkey, all state included, clicks as skewed as H&M's."""

from benchmarks import Bench
from benchmarks._consuming import decode_only, publish, record, work_off
from benchmarks._live import apache_kafka, hm_clicks

N_EVENTS, N_IN_FULL = 120_000, 240_000
PROMISED_PER_SECOND = 30_000


def run(bench: Bench) -> None:
    with apache_kafka():
        from events.live.redis import RedisLiveState
        from events.sinks.live import LiveSink

        n = N_IN_FULL if bench.is_full else N_EVENTS
        publish(hm_clicks(bench.data_dir, n), n)
        ceiling = decode_only(n)
        record(bench, work_off(LiveSink, RedisLiveState, n), ceiling, PROMISED_PER_SECOND)
