"""The lane: threads for calls that hardly ever wait, and a way past them for those that need not wait at all.

As gRPC has it, a thread of a pool takes each call, asks for its request, and sleeps until gRPC's own thread, through
which all that happens to calls comes, has brought it: several hand-overs between threads, and each costs more than to
rank a page. Here gRPC's own thread asks, and what is light it answers itself as soon as the request is there, without
any hand-over. If the answer turns out to wait for somebody, it is given up (see :mod:`sdr.patience`), and left to the
lane, as is all that is not light.

There is no public way to this: an executor is handed what gRPC would have run in a thread. All of gRPC's own names that
it takes are imported here; the version is pinned, and ``tests/integration/rpc/test_lane.py`` asks a server.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import structlog
from grpc._cython import cygrpc
from grpc._server import _CLOSED, _RECEIVE_MESSAGE_TOKEN, _abort, _is_rpc_state_active, _receive_message

from sdr import patience
from sdr.patience import MustWait
from sdr.rpc import handlers
from sdr.rpc.wrapping import CallInterceptor
from sdr.workers import WorkerPool

log = structlog.get_logger(__name__)

_NO_FLAGS = 0
_NO_REQUEST, _BROKEN = b"The call needs one request message.", b"The call could not be answered."


class LaneInterceptor(CallInterceptor):
    """Have the methods that services name in ``computes`` answered by the lane.

    Only one thread computes at a time, and each that waits for its turn takes time from the others: with ten, a call
    costs a third more than with four.
    """

    def __init__(self, lane: WorkerPool) -> None:
        super().__init__()
        self._lane = lane
        self._methods = {
            f"/{service.service_name}/{name}": is_light
            for service in handlers.service_classes()
            for name, is_light in service.computes.items()
        }

    def wrapped(self, method: str, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
        if method in self._methods:
            handler.unary_unary.experimental_thread_pool = _Entrance(self._lane, self._methods[method])
        return handler


class _Entrance(ThreadPoolExecutor):
    """One method's way in. Of the standard pool nothing is used but its name, by which gRPC knows a method's own."""

    def __init__(self, lane: WorkerPool, is_light: Callable[[Any], bool]) -> None:
        self._lane, self._is_light = lane, is_light

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_kwargs: Any) -> Any:
        """Take what ``grpc._server._handle_unary_unary`` submits: a context's ``run``, and what to run in it.

        Returns what gRPC uses of a future.
        """
        call = _Call(fn, *args)
        call.ask(then=self._take)
        return call

    def _take(self, call: "_Call") -> None:
        is_light = call.request is not None and self._is_light(call.request)
        if not (is_light and patience.at_once(call.answer)):
            self._lane.submit(call.answer)


class _Call:
    """One call, from its arrival to its answer."""

    def __init__(
        self,
        run: Callable[..., None],
        answer: Callable[..., None],
        event: Any,
        state: Any,
        behaviour: Any,
        _wait_for_request: Callable[[], Any],
        deserializer: Any,
        serializer: Any,
    ) -> None:
        self._run, self._event, self._state, self._deserializer = run, event, state, deserializer
        self._in_thread: tuple[Any, ...] = (
            answer,
            event,
            state,
            behaviour,
            self._wanted_request,
            deserializer,
            serializer,
        )
        self._tell: Callable[[Any], None] | None = None

    @property
    def request(self) -> Any:
        """What came, None where nothing did that could be read."""
        return self._state.request

    def add_done_callback(self, tell: Callable[[Any], None]) -> None:
        """Have gRPC told when the call is over. It says so before it hands out the next event, and so the request."""
        self._tell = tell

    def ask(self, then: Callable[["_Call"], None]) -> None:
        """Ask for the request. gRPC's own thread calls ``then`` when it is there, or will not come."""
        receive = _receive_message(self._state, self._event.call, self._deserializer)

        def received(event: Any) -> Any:
            finished = receive(event)
            try:
                then(self)
            except Exception:  # without its own thread gRPC would never answer again
                log.exception("grpc call not answered")
                self._break_off()
            return finished

        self._event.call.start_server_batch((cygrpc.ReceiveMessageOperation(_NO_FLAGS),), received)
        self._state.due.add(_RECEIVE_MESSAGE_TOKEN)

    def answer(self) -> None:
        """Answer, unless the caller has left meanwhile. Raises MustWait, and nothing else."""
        try:
            self._run(*self._in_thread)
        except MustWait:
            raise
        except BaseException:  # whatever a method raises: it must not end the thread
            log.exception("grpc call not answered")
            self._break_off()
        else:
            self._end()

    def _wanted_request(self) -> Any:
        """Return the request, None where there is nothing to answer (any more)."""
        state = self._state
        with state.condition:
            if state.request is None and state.client is _CLOSED and not state.statused:
                _abort(state, self._event.call, cygrpc.StatusCode.unimplemented, _NO_REQUEST)
            is_late = time.time() > self._event.call_details.deadline
            return None if is_late or not _is_rpc_state_active(state) else state.request

    def _break_off(self) -> None:
        """End a call that will have no answer, and say so to whoever waits for it."""
        with self._state.condition:
            if _is_rpc_state_active(self._state):
                _abort(self._state, self._event.call, cygrpc.StatusCode.internal, _BROKEN)
        self._end()

    def _end(self) -> None:
        self._in_thread = ()  # which leads back here, and would leave every call to the collector of cycles
        if self._tell is not None:
            self._tell(self)
