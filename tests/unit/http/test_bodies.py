import io

import pytest

from sdr.http.bodies import measured


class Endless(io.RawIOBase):
    """A body that goes on for ever, and says how much of it was read."""

    n_read = 0

    def read(self, size=-1):
        self.n_read += size
        return b"x" * size


def pass_through(environ, start_response):
    return [environ["CONTENT_LENGTH"].encode(), environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]


def send(stream, **headers):
    environ = {"wsgi.input": stream, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""} | headers
    return measured(pass_through, most=10)(environ, None)


@pytest.mark.parametrize("body", [b"", b"hello", b"0123456789"])
def test_a_chunked_body_gets_a_length(body):
    assert send(io.BytesIO(body)) == [str(len(body)).encode(), body]


def test_of_a_chunked_body_that_is_too_long_no_more_is_read_than_it_takes_to_see_that():
    stream = Endless()
    assert send(stream)[0] == b"11"
    assert stream.n_read == 11


def test_a_body_with_a_length_is_left_alone():
    stream = Endless()
    assert send(stream, CONTENT_LENGTH="3") == [b"3", b"xxx"]
