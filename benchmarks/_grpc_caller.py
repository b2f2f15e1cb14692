"""Calls one method from several threads for some seconds; prints calls per second and p99 in seconds.

``python -m benchmarks._grpc_caller ADDRESS METHOD SECONDS CALLERS``, with requests in hexadecimal on standard input.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import grpc


def call_for(ask: grpc.UnaryUnaryMultiCallable, requests: list[bytes], seconds: float) -> list[float]:
    """Return how long each call took."""
    took = []
    deadline = time.perf_counter() + seconds
    for request in cycle(requests):
        began = time.perf_counter()
        if began > deadline:
            return took
        ask(request, timeout=60, wait_for_ready=True)
        took.append(time.perf_counter() - began)
    return took


def main(address: str, method: str, seconds: float, n_callers: int) -> None:
    requests = [bytes.fromhex(line) for line in sys.stdin.read().split()]
    with grpc.insecure_channel(address) as channel, ThreadPoolExecutor(n_callers) as threads:
        ask = channel.unary_unary(method)
        # Each begins at a place of its own, so that they do not ask for the same in step.
        shifted = [requests[n * 97 % len(requests) :] + requests[: n * 97 % len(requests)] for n in range(n_callers)]
        calling = [threads.submit(call_for, ask, mine, seconds) for mine in shifted]
        took = sorted(second for caller in calling for second in caller.result())
    print(len(took) / seconds, took[int(len(took) * 0.99)])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
