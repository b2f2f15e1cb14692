import threading

from grpc_health.v1 import health_pb2

from sdr.rpc.health import HealthServicer


class Watcher:
    """Somebody who watches: keeps what it is told, and may leave."""

    def __init__(self, servicer):
        self._servicer, self.told, self._callbacks = servicer, [], []

    def watch(self, when_told=lambda: None):
        def tell(response):
            if response is not None:
                self.told.append(response.status)
                when_told()

        self._servicer.Watch(health_pb2.HealthCheckRequest(), self, tell)

    def add_callback(self, callback):
        self._callbacks.append(callback)
        return True

    def leave(self):
        """Leave as gRPC has it: in its one completion thread, which telling others waits for."""
        thread = threading.Thread(target=lambda: [callback() for callback in self._callbacks], daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), "gRPC's thread waits for a lock that is held while others are told"


def test_a_watcher_may_leave_while_another_is_told_for_the_first_time():
    servicer = HealthServicer()
    first, second = Watcher(servicer), Watcher(servicer)
    first.watch()
    second.watch(when_told=first.leave)
    assert len(second.told) == 1


def test_a_watcher_is_told_what_changes_until_it_leaves():
    servicer, statuses = HealthServicer(), health_pb2.HealthCheckResponse
    watcher = Watcher(servicer)
    watcher.watch()
    servicer.set("", statuses.NOT_SERVING)
    watcher.leave()
    servicer.set("", statuses.SERVING)
    assert watcher.told == [statuses.SERVING, statuses.NOT_SERVING]


class Gone(Watcher):
    """Somebody who has left before we could ask to be told of it."""

    def add_callback(self, callback):
        return False


def test_a_watcher_that_has_left_at_once_leaves_nothing_behind():
    servicer = HealthServicer()
    Gone(servicer).watch()
    assert not any(servicer._send_response_callbacks.values())
