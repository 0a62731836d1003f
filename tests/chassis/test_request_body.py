"""A refused request is read to its end, so that its sender sees why."""

from io import BytesIO

from services.chassis.request_body import DRAIN_BYTES, drain
from services.chassis.web import create_app

BODY = b"x" * (3 << 20)


def test_a_body_that_nobody_read_is_read_before_the_answer_goes_out():
    app = create_app("exams", "Exams", verifier=None, ready=dict)
    stream = BytesIO(BODY)
    answer = app.test_client().post("/nowhere", input_stream=stream, content_length=len(BODY))
    assert answer.status_code == 404
    assert stream.tell() == len(BODY)


def test_a_chunked_body_is_read_too_and_one_without_end_is_left_at_the_limit():
    class Endless:
        given = 0

        def read(self, size):
            self.given += size
            return bytes(size)

    endless = Endless()
    drain({"wsgi.input": endless, "HTTP_TRANSFER_ENCODING": "chunked"})
    assert endless.given == DRAIN_BYTES


def test_a_sender_that_is_gone_or_sends_no_body_changes_nothing():
    class Gone:
        def read(self, size):
            raise OSError("reset")

    drain({"wsgi.input": Gone(), "CONTENT_LENGTH": "10"})
    drain({"wsgi.input": Gone()})
