"""Pictures of DICOM frames, compared with dcmtk's, and what hostile ones may not do."""

import os
import subprocess
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate

from services.chassis import frame_child, frames
from services.chassis.frames import render_jpeg, render_jpeg_guarded
from services.chassis.no_picture import NoPicture

DATA = Path(__file__).parents[1] / "data" / "dicom"
CT = DATA / "sr-seg-of-ct" / "CT_small.dcm"
RLE = DATA / "intake" / "MR_small_RLE.dcm"
J2K = DATA / "intake" / "MR2_J2KI.dcm"


@pytest.fixture(autouse=True, scope="module")
def _no_child_is_left():
    yield
    frame_child.end_children()


def levels(jpeg):
    return np.asarray(Image.open(BytesIO(jpeg)).convert("RGB")).astype(int)


def of_dcmtk(path, tmp_path, *options):
    out = tmp_path / "reference.ppm"
    subprocess.run(["dcmj2pnm", "--write-raw-pnm", *options, path, out], check=True, capture_output=True)
    return np.asarray(Image.open(out).convert("RGB")).astype(int)


def changed(path, **elements):
    dataset = pydicom.dcmread(path)
    for name, value in elements.items():
        setattr(dataset, name, value)
    out = BytesIO()
    dataset.save_as(out)
    return out.getvalue()


def reason(data, frame=1, render=render_jpeg, **how):
    with pytest.raises(NoPicture) as caught:
        render(data, frame, **how)
    return caught.value.reason


@pytest.mark.parametrize(
    ("path", "options", "difference"),
    [
        ("kinds/MR_small.dcm", ["+Wi", "1"], 3),
        ("intake/MR_small_implicit.dcm", ["+Wi", "1"], 3),
        ("intake/MR_small_RLE.dcm", ["+Wi", "1"], 3),
        ("kinds/ctbrain1.dcm", [], 1),  # JPEG, YBR
        ("kinds/JPEG-lossy.dcm", ["+Wm"], 10),  # 12 bits, a scan header that libjpeg refuses
        ("kinds/SC_rgb_jpeg_gdcm.dcm", [], 6),  # JPEG lossless, RGB
        ("kinds/OBXXXX1A_rle_2frame.dcm", [], 5),  # palette, RLE
        ("kinds/ExplVR_BigEnd.dcm", [], 5),
        ("intake/SC_ybr_full_422_uncompressed.dcm", [], 7),
        ("intake/color-pl.dcm", [], 6),  # planar
        ("kinds/image_dfl.dcm", ["+Wm"], 2),  # deflated
        ("sr-seg-of-ct/seg_image_ct_binary_single_frame.dcm", ["+Wm"], 2),  # one bit
    ],
)
def test_a_picture_is_what_dcmtk_makes_of_it(path, options, difference, tmp_path):
    ours, theirs = levels(render_jpeg((DATA / path).read_bytes())), of_dcmtk(DATA / path, tmp_path, *options)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < difference


@pytest.mark.parametrize("name", ["MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_RLE.dcm"])
def test_the_same_image_in_another_syntax_is_the_same_picture(name):
    whole = levels(render_jpeg((DATA / "intake" / "MR_small_implicit.dcm").read_bytes()))
    assert np.abs(levels(render_jpeg((DATA / "intake" / name).read_bytes())) - whole).max() == 0


def test_big_endian_frames_are_the_same_pictures():
    little = (DATA / "intake" / "emri_small_RLE.dcm").read_bytes()
    big = (DATA / "intake" / "emri_small_big_endian.dcm").read_bytes()
    assert render_jpeg(little, 7) == render_jpeg(big, 7)


def test_each_frame_has_a_picture_of_its_own_and_none_beyond():
    data = (DATA / "intake" / "emri_small_RLE.dcm").read_bytes()
    assert len({render_jpeg(data, frame) for frame in range(1, 11)}) == 10
    assert {reason(data, 0), reason(data, 11)} == {"no-such-frame"}
    assert {reason(CT.read_bytes(), 0), reason(CT.read_bytes(), 2)} == {"no-such-frame"}


def test_monochrome1_is_shown_inverted():
    plain, inverted = (
        levels(render_jpeg(changed(CT, PhotometricInterpretation=name))) for name in ("MONOCHROME2", "MONOCHROME1")
    )
    assert np.abs(plain + inverted - 255).mean() < 2


def test_a_window_in_hounsfield_units_decides_what_is_black_and_white():
    pixels = pydicom.dcmread(CT)
    values = pixels.pixel_array * float(pixels.RescaleSlope) + float(pixels.RescaleIntercept)
    shown = levels(render_jpeg(CT.read_bytes(), window=(40, 80), quality=100))[:, :, 0]
    assert shown[values < -20].mean() < 3
    assert shown[values > 100].mean() > 252


def test_the_headers_window_is_taken_and_a_width_of_nothing_is_not():
    soft = render_jpeg(changed(CT, WindowCenter=40, WindowWidth=80))
    assert soft == render_jpeg(CT.read_bytes(), window=(40, 80))
    assert render_jpeg(changed(CT, WindowCenter=40, WindowWidth=0)) == render_jpeg(CT.read_bytes())


def test_signed_values_and_bits_above_those_stored_are_read_right():
    pixels = np.tile(np.linspace(-1000, 1000, 128, dtype="<i2"), (128, 1))
    signed = changed(CT, PixelData=pixels.tobytes(), PixelRepresentation=1, RescaleIntercept=0)
    assert (np.diff(levels(render_jpeg(signed, window=(0, 2000)))[5, :, 0]) >= 0).mean() > 0.95
    low = np.tile(np.linspace(0, 4000, 128, dtype="<u2"), (128, 1))
    twelve = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0, "RescaleIntercept": 0}
    clean = changed(CT, PixelData=low.tobytes(), **twelve)
    drawn = changed(CT, PixelData=(low | 0x8000).tobytes(), **twelve)
    assert render_jpeg(clean, window=(2000, 4000)) == render_jpeg(drawn, window=(2000, 4000))


@pytest.mark.parametrize("path", [CT, J2K, DATA / "kinds" / "ctbrain1.dcm"])
def test_a_thumbnail_has_the_longest_side_asked_for_and_is_never_enlarged(path):
    small = Image.open(BytesIO(render_jpeg(path.read_bytes(), size=64)))
    assert max(small.size) == 64
    large = Image.open(BytesIO(render_jpeg(path.read_bytes(), size=9000)))
    assert large.size == Image.open(BytesIO(render_jpeg(path.read_bytes()))).size


def test_a_thumbnail_of_jpeg_2000_looks_like_the_whole_picture():
    small = Image.open(BytesIO(render_jpeg(J2K.read_bytes(), size=256)))
    whole = Image.open(BytesIO(render_jpeg(J2K.read_bytes()))).resize(small.size)
    assert np.abs(np.asarray(small).astype(int) - np.asarray(whole)).mean() < 4


def test_a_plain_picture_is_read_from_a_file_without_the_rest_of_it():
    class Watched(BytesIO):
        taken = 0

        def read(self, size=-1, /):
            piece = super().read(size)
            Watched.taken += len(piece)
            return piece

    frame = pydicom.dcmread(CT).PixelData
    data = changed(CT, NumberOfFrames=200, PixelData=frame * 200)
    assert render_jpeg(Watched(data), 150) == render_jpeg(CT.read_bytes())
    assert Watched.taken < 200_000


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("sr-seg-of-ct/sr_document.dcm", "no-pixels"),
        ("kinds/rtplan.dcm", "no-pixels"),
        ("kinds/sm_annotations.dcm", "no-pixels"),
        ("intake/MR_truncated.dcm", "unreadable"),
        ("kinds/liver_deflate.dcm", "unsupported"),
    ],
)
def test_an_object_without_a_picture_says_why(path, why):
    data = (DATA / path).read_bytes()
    assert reason(data) == reason(data, render=render_jpeg_guarded) == why


@pytest.mark.parametrize("data", [b"", b"nothing", bytes(5000), b"%PDF-1.7"])
def test_other_bytes_have_no_picture(data):
    assert reason(data) in {"no-pixels", "unreadable"}


class Failing(BytesIO):
    """A store's file that fails at the read after *good* ones."""

    def __init__(self, data, good):
        super().__init__(data)
        self.good = good

    def read(self, size=-1, /):
        self.good -= 1
        if self.good < 0:
            raise ConnectionError
        return super().read(size)


@pytest.mark.parametrize("path", [CT, RLE])
@pytest.mark.parametrize("render", [render_jpeg, render_jpeg_guarded])
@pytest.mark.parametrize("good", [0, 1])
def test_a_store_that_fails_is_not_a_picture_that_cannot_be_made(path, render, good):
    with pytest.raises(ConnectionError):
        render(Failing(path.read_bytes(), good))


@pytest.mark.parametrize("path", [CT, RLE, J2K])
def test_a_picture_of_absurd_size_is_refused_before_it_is_decoded(path):
    assert reason(changed(path, Rows=46341, Columns=46341)) == "too-large"


def test_the_guarded_picture_is_the_same():
    for path in (CT, RLE, J2K):
        assert render_jpeg_guarded(path.read_bytes(), size=50) == render_jpeg(path.read_bytes(), size=50)


def test_a_plain_picture_needs_no_child(monkeypatch):
    monkeypatch.setattr(frame_child, "render_in_child", None)
    assert render_jpeg_guarded(CT.read_bytes())


def test_one_child_serves_one_picture_after_the_other():
    render_jpeg_guarded(RLE.read_bytes())
    (child,) = frame_child._idle
    render_jpeg_guarded(J2K.read_bytes(), size=64)
    assert frame_child._idle == [child]


def test_a_picture_that_takes_too_long_is_given_up_and_the_next_one_is_made():
    assert reason(J2K.read_bytes(), render=render_jpeg_guarded, timeout_s=0.0001) == "too-slow"
    assert frame_child._idle == []
    assert render_jpeg_guarded(RLE.read_bytes()) == render_jpeg(RLE.read_bytes())


def test_a_child_that_died_is_replaced():
    render_jpeg_guarded(RLE.read_bytes())
    process = frame_child._idle[0]._process
    os.kill(process.pid, 9)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert render_jpeg_guarded(RLE.read_bytes()) == render_jpeg(RLE.read_bytes())


def test_a_codestream_that_claims_gigabytes_does_not_take_them_from_the_service():
    dataset = pydicom.dcmread(J2K)
    stream = bytearray(next(iter(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1))))
    stream[8:16] = (60000).to_bytes(4, "big") * 2  # SIZ: its own idea of the size
    stream[24:32] = (60000).to_bytes(4, "big") * 2
    data = changed(J2K, PixelData=encapsulate([bytes(stream)]))
    assert reason(data, render=render_jpeg_guarded) in {"unreadable", "too-slow"}


def test_many_threads_are_served_by_two_children():
    found = []
    threads = [threading.Thread(target=lambda: found.append(render_jpeg_guarded(RLE.read_bytes()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(frame_child._idle) <= 2
    assert set(found) == {render_jpeg(RLE.read_bytes())}


def test_a_hostile_nest_of_sequences_has_no_picture():
    deep = b"\x09\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 20_000
    whole = RLE.read_bytes()
    at = whole.index(b"\x10\x00\x10\x00PN")
    assert reason(whole[:at] + deep + whole[at:], render=render_jpeg_guarded) in {"unreadable", "no-pixels"}
    assert reason(CT.read_bytes()[:400] + deep) in {"unreadable", "no-pixels"}


def test_the_limit_on_one_frame_is_a_quarter_of_a_gigabyte():
    frames.check_size(16384, 8192, 1, 16)
    with pytest.raises(NoPicture):
        frames.check_size(16384, 8193, 1, 16)
