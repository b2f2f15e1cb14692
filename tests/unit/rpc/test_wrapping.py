from contextlib import contextmanager

import grpc
import pytest

from sdr.rpc.wrapping import CallInterceptor, wrap


class Details:
    def __init__(self, method):
        self.method = method


class Recorder(CallInterceptor):
    def __init__(self):
        super().__init__()
        self.seen = []

    @contextmanager
    def around(self, method, context):
        self.seen.append(f"into {method}")
        yield
        self.seen.append(f"out of {method}")


def intercept(interceptor, method, handler):
    return interceptor.intercept_service(lambda _details: handler, Details(method))


def test_a_single_answer_is_made_inside():
    recorder = Recorder()
    handler = grpc.unary_unary_rpc_method_handler(lambda request, _: recorder.seen.append(request) or "answer")
    wrapped = intercept(recorder, "/a.B/C", handler)
    assert wrapped.unary_unary("request", None) == "answer"
    assert recorder.seen == ["into /a.B/C", "request", "out of /a.B/C"]


def test_a_stream_is_inside_until_its_last_message():
    recorder = Recorder()
    wrapped = intercept(recorder, "/a.B/C", grpc.unary_stream_rpc_method_handler(lambda n, _: iter(range(n))))
    messages = wrapped.unary_stream(2, None)
    assert [next(messages), next(messages)] == [0, 1]
    assert recorder.seen == ["into /a.B/C"]
    assert list(messages) == []
    assert recorder.seen == ["into /a.B/C", "out of /a.B/C"]


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
def test_a_wrapped_handler_is_of_the_same_kind_with_the_same_codecs(kind):
    make = getattr(grpc, f"{kind}_rpc_method_handler")
    handler = make(lambda *_: iter(()), request_deserializer=bytes.decode, response_serializer=str.encode)
    wrapped = wrap(handler, lambda _context: Recorder().around("", None))
    assert (wrapped.request_streaming, wrapped.response_streaming) == (
        handler.request_streaming,
        handler.response_streaming,
    )
    assert (wrapped.request_deserializer, wrapped.response_serializer) == (bytes.decode, str.encode)
    assert callable(getattr(wrapped, kind))


def test_health_and_reflection_pass_untouched():
    handler = grpc.unary_unary_rpc_method_handler(lambda *_: None)
    assert intercept(Recorder(), "/grpc.health.v1.Health/Watch", handler) is handler


def test_an_unknown_method_stays_unknown():
    assert intercept(Recorder(), "/a.B/Nothing", None) is None


def test_a_method_is_wrapped_once_for_all_calls():
    recorder, handler = Recorder(), grpc.unary_unary_rpc_method_handler(lambda *_: None)
    assert intercept(recorder, "/a.B/C", handler) is intercept(recorder, "/a.B/C", handler)
