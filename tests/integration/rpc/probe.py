"""A service for tests of the adapter: one method for each way in which a call can go."""

# ruff: noqa: N802  gRPC methods are named as in a proto file

import itertools
import threading

import grpc
from django.core.exceptions import ObjectDoesNotExist
from google.protobuf.wrappers_pb2 import Int64Value, StringValue

from sdr import patience
from sdr.exceptions import InvalidInput, Unavailable
from sdr.rpc.services import Service

NAME = "sdr.test.v1.ProbeService"
ERRORS = {
    "invalid": InvalidInput("limit", "must be 1 to 100"),
    "missing": ObjectDoesNotExist("Product matching query does not exist."),
    "unavailable": Unavailable("Kafka does not answer."),
    "unforeseen": KeyError("the password is hunter2"),
}


def add_probe_to_server(servicer, server):
    handlers = {
        "Tenant": _handler(grpc.unary_unary_rpc_method_handler, servicer.Tenant, StringValue, StringValue),
        "Again": _handler(grpc.unary_unary_rpc_method_handler, servicer.Again, StringValue, StringValue),
        "Ask": _handler(grpc.unary_unary_rpc_method_handler, servicer.Ask, StringValue, StringValue),
        "Break": _handler(grpc.unary_unary_rpc_method_handler, servicer.Break, StringValue, StringValue),
        "Write": _handler(grpc.unary_unary_rpc_method_handler, servicer.Write, StringValue, StringValue),
        "Forgotten": _handler(grpc.unary_unary_rpc_method_handler, servicer.Forgotten, StringValue, StringValue),
        "Unwritten": _handler(grpc.unary_unary_rpc_method_handler, servicer.Unwritten, StringValue, StringValue),
        "Fail": _handler(grpc.unary_unary_rpc_method_handler, servicer.Fail, StringValue, StringValue),
        "Abort": _handler(grpc.unary_unary_rpc_method_handler, servicer.Abort, StringValue, StringValue),
        "Wait": _handler(grpc.unary_unary_rpc_method_handler, servicer.Wait, StringValue, StringValue),
        "Count": _handler(grpc.unary_stream_rpc_method_handler, servicer.Count, Int64Value, Int64Value),
        "Forever": _handler(grpc.unary_stream_rpc_method_handler, servicer.Forever, Int64Value, Int64Value),
        "Sum": _handler(grpc.stream_unary_rpc_method_handler, servicer.Sum, Int64Value, Int64Value),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))


def _handler(make, behaviour, request, response):
    return make(behaviour, request.FromString, response.SerializeToString)


class ProbeService(Service):
    service_name = NAME
    add_to_server = staticmethod(add_probe_to_server)
    required_scopes = {
        "Tenant": None,
        "Again": None,
        "Ask": None,
        "Break": None,
        "Write": "catalog:write",
        "Unwritten": None,
        "Fail": None,
        "Abort": None,
        "Wait": None,
        "Count": None,
        "Forever": None,
        "Sum": None,
    }

    computes = dict.fromkeys(("Again", "Ask", "Break"), lambda request: request.value != "heavy")
    needs = frozenset({"gyroscope"})
    waiting = threading.Event()
    may_answer = threading.Event()
    asked = []

    def Tenant(self, request, context):
        self.asked.append("Tenant")
        return StringValue(value=self.caller.tenant)

    def Again(self, request, context):
        self.asked.append("Again")
        return StringValue(value=threading.current_thread().name)

    def Ask(self, request, context):
        patience.about_to_wait()
        self.waiting.set()
        self.may_answer.wait()
        self.asked.append("Ask")
        return StringValue(value=threading.current_thread().name)

    def Break(self, request, context):
        raise SystemExit

    def Write(self, request, context):
        return StringValue(value="written")

    def Forgotten(self, request, context):
        return StringValue(value="nobody should read this")

    def Fail(self, request, context):
        raise ERRORS[request.value]

    def Abort(self, request, context):
        context.abort(grpc.StatusCode.ALREADY_EXISTS, "in its own words")

    def Wait(self, request, context):
        self.waiting.set()
        self.may_answer.wait()
        return StringValue(value="late, but here")

    def Count(self, request, context):
        for number in range(request.value):
            yield Int64Value(value=number)
        raise InvalidInput("value", "cannot count further")

    def Forever(self, request, context):
        try:
            for number in itertools.count():
                yield Int64Value(value=number)
        finally:
            self.asked.append("Forever has ended")

    def Sum(self, request, context):
        return Int64Value(value=sum(number.value for number in request))
