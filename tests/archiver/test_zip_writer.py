import io
import subprocess
import zipfile
from datetime import UTC, datetime

import pytest

from services.archiver import zip_writer
from services.archiver.zip_writer import BLOCK_BYTES, DEFLATED, STORED, Block, Member, ZipWriter
from tests.archiver.manifests import NOON, MemorySink
from tests.archiver.packages import run

TEXT = b"axial thorax 1.0 mm " * 5000


def a_zip(*members, made_at=NOON):
    sink = MemorySink()
    writer = ZipWriter(sink, made_at)
    for member in members:
        writer.write(member)
    writer.close()
    return sink.to_bytes()


def blocks_of(data, method):
    return (
        zip_writer.pack_block(data[start : start + BLOCK_BYTES], method) for start in range(0, len(data), BLOCK_BYTES)
    )


def test_members_come_back_as_they_were_whatever_their_method():
    big = TEXT * 50
    data = a_zip(
        zip_writer.deflate("DEFLATED", TEXT[:100], TEXT[100:]),
        zip_writer.store("STORED", TEXT),
        zip_writer.store("EMPTY", b""),
        zip_writer.join_blocks("BLOCKS", DEFLATED, blocks_of(big, DEFLATED)),
        zip_writer.join_blocks("BLOCKS2", STORED, blocks_of(big, STORED)),
    )
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert [opened.read(name) for name in opened.namelist()] == [TEXT, TEXT, b"", big, big]
        methods = [info.compress_type for info in opened.infolist()]
    assert methods == [DEFLATED, STORED, STORED, DEFLATED, STORED]


def test_a_member_that_deflating_does_not_shrink_is_stored():
    assert zip_writer.deflate("TINY", b"x").method == STORED


def test_the_same_members_at_the_same_time_give_the_same_bytes():
    first, second = (a_zip(zip_writer.deflate("A", TEXT)) for _ in range(2))
    other = a_zip(zip_writer.deflate("A", TEXT), made_at=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC))
    assert first == second != other
    with zipfile.ZipFile(io.BytesIO(other)) as opened:
        assert opened.infolist()[0].date_time == (2026, 1, 2, 3, 4, 6)


def test_no_member_needs_a_data_descriptor_so_that_every_reader_can_open_it_S44():
    with zipfile.ZipFile(io.BytesIO(a_zip(zip_writer.deflate("A", TEXT), zip_writer.store("B", TEXT)))) as opened:
        assert [info.flag_bits for info in opened.infolist()] == [0, 0]


def test_a_name_beyond_ascii_bears_the_utf8_flag():
    with zipfile.ZipFile(io.BytesIO(a_zip(zip_writer.store("Leeme-año.txt", b"hola")))) as opened:
        assert opened.namelist() == ["Leeme-año.txt"]
        assert opened.infolist()[0].flag_bits == 1 << 11


@pytest.mark.parametrize("count", [65_534, 65_535, 65_600])
def test_more_members_than_16_bits_can_count_are_all_listed(tmp_path, count):
    empty = zip_writer.store("", b"")
    file = tmp_path / "many.zip"
    with file.open("wb") as sink:
        writer = ZipWriter(sink, NOON)
        for number in range(count):
            empty.name = f"F{number:07d}"
            writer.write(empty)
        writer.close()
    with zipfile.ZipFile(file) as opened:
        assert len(opened.namelist()) == count
        assert opened.namelist()[-1] == f"F{count - 1:07d}"
    has_zip64_end = b"PK\6\6" in file.read_bytes()[-200:]
    assert has_zip64_end == (count >= 65_535)
    assert f"{count} files" in run("unzip", "-qz", "-l", file) or str(count) in run("zipinfo", "-h", file)


def test_a_member_of_more_than_4_gib_opens_with_tools_not_ours(tmp_path):
    """The bytes are zeros packed once, so that 5 GiB take a moment: block upon block of the same deflate stream."""
    blocks = 320
    block_size = 16 << 20
    one = zip_writer.pack_block(bytes(block_size), DEFLATED)
    member = zip_writer.join_blocks("HUGE", DEFLATED, (Block(one.crc, one.size, one.packed) for _ in range(blocks)))
    data = a_zip(zip_writer.store("BEFORE", b"1"), member, zip_writer.store("AFTER", b"2"))
    file = tmp_path / "huge.zip"
    file.write_bytes(data)
    with zipfile.ZipFile(file) as opened:
        assert opened.getinfo("HUGE").file_size == blocks * block_size > 4 << 30
        assert opened.read("AFTER") == b"2"
    assert "HUGE" in run("unzip", "-l", file)
    assert str(blocks * block_size) in run("7z", "l", file)


def test_a_member_that_begins_beyond_4_gib_is_found_again(tmp_path):
    """The file is sparse: the sink skips what it is not given."""

    class SparseSink:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            if isinstance(data, Zeros):
                self.file.seek(len(data), 1)
            else:
                self.file.write(data)

    class Zeros(bytes):
        def __len__(self):
            return 5 << 30

    file = tmp_path / "far.zip"
    with file.open("wb") as opened:
        writer = ZipWriter(SparseSink(opened), NOON)
        writer.write(Member("ZEROS", STORED, 0, 5 << 30, 5 << 30, [Zeros()]))
        writer.write(zip_writer.deflate("FAR", TEXT))
        writer.close()
    with zipfile.ZipFile(file) as opened:
        assert opened.read("FAR") == TEXT
    done = subprocess.run(["unzip", "-p", str(file), "FAR"], capture_output=True, check=True)
    assert done.stdout == TEXT
