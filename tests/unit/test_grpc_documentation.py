"""The grpcurl lines fit what the server serves; grpcurl itself cannot be installed everywhere."""

import json
import re

from django.conf import settings
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.json_format import ParseDict

from sdr.rpc.handlers import service_classes

_LINE = re.compile(r"\$ grpcurl -plaintext -d '(?P<body>.+)' localhost:50051 (?P<service>[\w.]+)/(?P<method>\w+)")


def lines():
    text = (settings.BASE_DIR / "docs" / "grpc.md").read_text()
    found = [match.groupdict() for match in _LINE.finditer(text)]
    assert len(found) == text.count("$ grpcurl")
    return found


def requests_in(body):
    """Return the JSON objects of a line; a stream has several, one after the other."""
    decoder, found = json.JSONDecoder(), []
    while body:
        request, end = decoder.raw_decode(body)
        found.append(request)
        body = body[end:].lstrip()
    return found


def test_every_line_names_a_method_and_sends_what_it_takes():
    service_classes()  # imports what puts them into the pool
    pool = descriptor_pool.Default()
    for line in lines():
        method = pool.FindServiceByName(line["service"]).methods_by_name[line["method"]]
        requests = requests_in(line["body"])
        for request in requests:
            if mask := request.pop("update_mask", None):
                request["update_mask"] = ",".join(mask["paths"])  # grpcurl has a message here: fullstorydev/grpcurl#393
            ParseDict(request, message_factory.GetMessageClass(method.input_type)())
        assert len(requests) == 1 or method.client_streaming


def test_every_method_has_its_line():
    served = {(s.service_name, method) for s in service_classes() for method in s.required_scopes}
    assert {(line["service"], line["method"]) for line in lines()} == served
