"""STOW-RS bodies, cut anywhere."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.exams.multipart import MultipartRefused, NotMultipart, PartTooLarge, parts

TYPE = 'multipart/related; type="application/dicom"; boundary={}'
HEADER = b"Content-Type: application/dicom\r\n"


class Dribbling:
    """A body that gives what it has in pieces of its own choosing, as a chunked request does."""

    def __init__(self, body, sizes):
        self.body, self.sizes = BytesIO(body), sizes

    def read(self, size):
        return self.body.read(min(size, self.sizes.pop(0)) if self.sizes else size)


def body_of(contents, boundary=b"XX", header=HEADER):
    pieces = [b"--%s\r\n%s\r\n%s\r\n" % (boundary, header, content) for content in contents]
    return b"".join(pieces) + b"--%s--\r\n" % boundary


def read(body, content_type=None, limit=1 << 30):
    content_type = content_type or TYPE.format("XX")
    return [b"".join(part.chunks()) for part in parts(body, content_type, max_part_bytes=limit)]


NASTY = [
    b"\r\n--XX-",
    b"\r\n--X",
    b"\r\n--XXX\r\n",
    b"\r\n",
    b"\r\n--",
    b"--XX",
    b"\r",
    b"\n",
    b"\x00DICM",
    b"\r\n--XX \x01",
]
content = st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(NASTY)), max_size=8).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(content, max_size=4), st.lists(st.integers(1, 40), max_size=60), st.binary(max_size=30))
def test_parts_come_out_as_they_went_in_wherever_the_body_is_cut(contents, sizes, epilogue):
    contents = [one for one in contents if b"\r\n--XX--" not in b"\r\n" + one + b"\r\n"]
    contents = [one for one in contents if b"\r\n--XX\r\n" not in b"\r\n" + one + b"\r\n"]
    assert read(Dribbling(body_of(contents) + epilogue, sizes)) == contents


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/related; type="application/dicom"; boundary=XX',
        "multipart/related; type=application/dicom; boundary=XX",
        'Multipart/Related; boundary="XX"; type="Application/DICOM"',
        "multipart/related;boundary=XX",
    ],
)
def test_type_and_boundary_may_be_quoted_or_not(content_type):
    assert read(BytesIO(body_of([b"a", b"b"])), content_type) == [b"a", b"b"]


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\nepilogue", b" \r\n"])
def test_the_last_line_end_may_be_missing_and_an_epilogue_is_ignored(end):
    assert read(BytesIO(body_of([b"a"]).rstrip(b"\r\n") + end)) == [b"a"]


def test_a_preamble_is_ignored_and_headers_are_read_in_any_case():
    body = b"for old readers\r\n" + body_of([b"a"], header=b"content-TYPE: application/dicom; x=y\r\nX-One:  1 \r\n")
    (part,) = list(parts(BytesIO(body), TYPE.format("XX"), max_part_bytes=9))
    assert (part.content_type, part.headers["x-one"]) == ("application/dicom", "1")


def test_a_part_without_header_fields_is_read():
    assert read(BytesIO(body_of([b"a"], header=b""))) == [b"a"]


def test_a_part_that_is_too_large_is_refused_and_those_after_it_are_read():
    found = []
    for part in parts(BytesIO(body_of([b"a", b"b" * 5_000_000, b"c"])), TYPE.format("XX"), max_part_bytes=1000):
        try:
            found.append(part.save_to(BytesIO()))
        except PartTooLarge as refusal:
            found.append(refusal.slug)
    assert found == [1, "part-too-large", 1]


def test_a_part_that_nobody_reads_is_passed_over():
    names = [part.headers["n"] for part in parts(
        BytesIO(body_of([b"a" * 3_000_000], header=b"n: 1\r\n")[:-8] + b"\r\n" + body_of([b"b"], header=b"n: 2\r\n")),
        TYPE.format("XX"), max_part_bytes=1,
    )]  # fmt: skip
    assert names == ["1", "2"]


@pytest.mark.parametrize(
    "body",
    [b"", b"--XX", b"--XX\r\n", b"--XX\r\nA: b\r\n\r\nabc", b"--XX\r\nA: b\r\n\r\nabc\r\n--XX", b"nothing here",
     b"--XX\r\nno colon\r\n\r\nabc\r\n--XX--", b"--XX\r\n" + b"A: b\r\n" * 5000],
)  # fmt: skip
def test_a_body_that_is_broken_or_ends_early_is_refused(body):
    with pytest.raises(MultipartRefused):
        read(BytesIO(body))


@pytest.mark.parametrize(
    "content_type",
    ["application/dicom", "multipart/related", "multipart/form-data; boundary=XX", "multipart/related; boundary=X\nX",
     'multipart/related; type="application/dicom+json"; boundary=XX'],
)  # fmt: skip
def test_another_media_type_is_refused(content_type):
    with pytest.raises(NotMultipart):
        read(BytesIO(body_of([b"a"])), content_type)


@pytest.mark.parametrize("boundary", ['""', "x" * 71])
def test_a_boundary_outside_the_standard_is_refused(boundary):
    with pytest.raises(MultipartRefused):
        read(BytesIO(b""), TYPE.format(boundary))


def test_a_large_part_is_never_in_memory_as_a_whole():
    part = next(iter(parts(BytesIO(body_of([bytes(20 << 20)])), TYPE.format("XX"), max_part_bytes=1 << 30)))
    assert max(len(chunk) for chunk in part.chunks()) <= 2 << 20
