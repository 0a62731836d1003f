"""How pictures are asked for: windows in rescaled units, shades of their own, size, weight; and what has none."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from services.exams.domain.looks import looks_of
from services.exams.preview import most_bytes
from tests.exams.conftest import DICOM, Desk, Ris

CT = DICOM / "sr-seg-of-ct" / "CT_small.dcm"
STUDY = str(dcmread(CT).StudyInstanceUID)
RAMP = np.tile(np.linspace(-1000, 1000, 128).astype("<i2"), (128, 1))
"""Columns from -1000 to 1000."""


def an_object(path=CT, **values: object) -> bytes:
    """Give an object of the study under test; each has a UID and a series of its own."""
    data: Dataset = dcmread(path)
    for name, value in (values | {"StudyInstanceUID": STUDY, "PatientID": "M1"}).items():
        setattr(data, name, value)
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.SeriesInstanceUID = generate_uid()
    out = BytesIO()
    data.save_as(out)
    return out.getvalue()


def a_ramp(**values: object) -> bytes:
    """Give a CT whose rescaled values are RAMP."""
    codes = {"PixelRepresentation": 1, "RescaleIntercept": 0, "RescaleSlope": 1}
    return an_object(**({"PixelData": RAMP.tobytes()} | codes | values))


@dataclass
class Eye:
    """Somebody who may see the study's exam."""

    desk: Desk
    path: str
    who: dict[str, str]

    def listed(self) -> list[dict]:
        return self.desk.get(f"{self.path}/images", self.who).json["series"]

    def bytes_of(self, uid: str, query: str = "") -> bytes:
        answer = self.desk.get(f"{self.path}/images/{uid}.jpg{query}", self.who)
        assert (answer.status_code, answer.content_type) == (200, "image/jpeg"), answer.text
        return answer.data

    def row_of(self, uid: str, query: str = "") -> np.ndarray:
        """The grey levels along the picture's middle row."""
        picture = np.asarray(Image.open(BytesIO(self.bytes_of(uid, query))).convert("L")).astype(int)
        return picture[len(picture) // 2]


def look_at(desk: Desk, clock, *objects: bytes) -> tuple[Eye, list[str]]:
    """Let an exam with *objects* be completed; give who may see it, and the objects' UIDs."""
    ris = Ris(clock)
    assert desk.stow(*objects).status_code == 200
    for message in (ris.registered(), ris.ordered(study=STUDY), ris.completed(study=STUDY)):
        assert desk.hl7(message) == "AA"
    desk.settle()
    (told,) = desk.told("exam.images-available")
    eye = Eye(desk, f"/exams/{told['id']}", desk.account(told["patientId"]))
    return eye, [str(dcmread(BytesIO(one)).SOPInstanceUID) for one in objects]


def test_a_window_is_in_rescaled_units_whatever_is_stored_and_however_it_is_shown_S28(desk: Desk, clock):
    unsigned = (RAMP.astype(int) + 1024).astype("<u2").tobytes()
    shifted = a_ramp(PixelData=unsigned, PixelRepresentation=0, RescaleIntercept=-1024)
    doubled = a_ramp(PixelData=(RAMP // 2).astype("<i2").tobytes(), RescaleSlope=2)
    eye, uids = look_at(desk, clock, a_ramp(), shifted, doubled, a_ramp(PhotometricInterpretation="MONOCHROME1"))
    plain, of_shifted, of_doubled, inverted = (eye.row_of(uid, "?window=0,400") for uid in uids)
    assert plain[RAMP[0] < -250].max() <= 2
    assert plain[RAMP[0] > 250].min() >= 253
    assert abs(int(plain[np.abs(RAMP[0]).argmin()]) - 127) < 16
    assert np.abs(plain - of_shifted).max() <= 2
    assert np.abs(plain - of_doubled).max() <= 4
    assert np.abs(255 - plain - inverted).max() <= 6


def test_shades_go_by_the_pictures_own_window_the_same_way_for_inverted_ones_S28(desk: Desk, clock):
    own = {"WindowCenter": 0, "WindowWidth": 1000}
    eye, uids = look_at(desk, clock, a_ramp(**own), a_ramp(PhotometricInterpretation="MONOCHROME1", **own), a_ramp())
    for uid in uids:
        standard, brighter, softer, hard = (
            eye.row_of(uid, query) for query in ("", "?window=brighter", "?window=softer", "?window=high-contrast")
        )
        middle = slice(40, 88)
        assert brighter.mean() > standard.mean() + 20
        assert np.ptp(softer[middle]) < np.ptp(standard[middle]) < np.ptp(hard[middle])


def test_a_shade_of_a_compressed_picture_comes_from_the_guarded_decoder_S28(desk: Desk, clock):
    eye, (uid,) = look_at(desk, clock, an_object(DICOM / "intake" / "MR_small_RLE.dcm"))
    standard, brighter = (eye.row_of(uid, query).mean() for query in ("", "?window=brighter"))
    assert brighter > standard + 5


def test_the_list_says_which_looks_a_series_has_and_what_has_no_picture(desk: Desk, clock):
    colour, broken = an_object(DICOM / "intake" / "color-pl.dcm"), an_object(PixelData=b"\0" * 64)
    palette = an_object(DICOM / "kinds" / "OBXXXX1A_rle_2frame.dcm")
    eye, uids = look_at(desk, clock, a_ramp(), an_object(Modality="MR"), colour, palette, broken)
    found = {one["images"][0]["uid"]: one for one in eye.listed()}
    looks = [[look["slug"] for look in found[uid]["looks"]] for uid in uids[:4]]
    assert looks == [["standard", "lung", "bone", "brain"], ["standard", "brighter", "softer", "high-contrast"], [], []]
    assert [found[uid]["images"][0]["noPicture"] for uid in uids] == [None, None, None, None, "unreadable"]
    assert found[uids[3]]["images"][0]["frames"] == 2
    assert eye.bytes_of(uids[2]) == eye.bytes_of(uids[2], "?window=brighter")


def test_every_look_offered_can_be_asked_for_and_no_other(desk: Desk, clock):
    eye, (uid,) = look_at(desk, clock, a_ramp())
    for look in (*looks_of("CT", is_colour=False), *looks_of("MR", is_colour=False)):
        assert eye.bytes_of(uid, f"?window={look.window}" if look.window else "")
    assert desk.get(f"{eye.path}/images/{uid}.jpg?window=dim", eye.who).status_code == 400


def test_a_picture_is_as_large_as_asked_and_light_enough_for_a_slow_line_S28(desk: Desk, clock):
    grain = np.random.default_rng(1).integers(-90, 90, (512, 512))
    noise = (np.linspace(-1000, 1000, 512) + grain).astype("<i2")
    eye, (uid,) = look_at(desk, clock, a_ramp(PixelData=noise.tobytes(), Rows=512, Columns=512))
    for query in ("size=512", "size=256", "size=112", "size=112&window=0,1000", "size=512&window=softer"):
        size = int(query[5:8])
        picture = eye.bytes_of(uid, f"?{query}")
        assert Image.open(BytesIO(picture)).size == (size, size)
        assert len(picture) <= most_bytes(size)
    assert most_bytes(512) == 60_000
    assert most_bytes(112) < 3_000
