"""Makes benchmark studies, seeded: the same files every time. A CT of the thorax with a reconstruction's noise.

``python -m benchmarks.studies FOLDER [SLICES]`` writes them as files: 0.53 MB a slice, deflating to about 40 %.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

ROWS = 512
PREFIX = "1.2.826.0.1.3680043.8.498."
AIR, OUTSIDE = -1000.0, -1024.0
Image = NDArray[Any]


def make_ct(slices: int) -> Iterator[bytes]:
    """Give the CT slices as Part 10 files, in order; 500 a series."""
    rng = np.random.default_rng(1)
    noise = [_noise(rng) for _ in range(24)]
    for number in range(1, slices + 1):
        shift = (int(rng.integers(ROWS)), int(rng.integers(ROWS)))
        pixels = _slice(number / slices, np.roll(noise[rng.integers(24)], shift, (0, 1)))
        yield _as_file(_dataset(number), pixels)


def _blur(image: Image, sigma: float) -> Image:
    """Give *image* smoothed by a Gaussian of *sigma* pixels."""
    taps = np.arange(-4, 5)
    kernel = np.exp(-(taps**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        parts = [weight * np.roll(image, int(tap), axis) for tap, weight in zip(taps, kernel, strict=True)]
        image = np.sum(parts, axis=0)
    return image


def _noise(rng: np.random.Generator) -> Image:
    noise = _blur(rng.standard_normal((ROWS, ROWS)), 0.6)
    scaled: Image = noise * (10 / noise.std())
    return scaled


def _ellipse(x: Image, y: Image, cx: float, cy: float, rx: float, ry: float) -> Image:
    inside: Image = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
    return inside


def _slice(z: float, noise: Image) -> Image:
    """Give the pixels at *z* (0 to 1): a body with lungs and a spine, in Hounsfield units + 1024."""
    y, x = np.mgrid[0:ROWS, 0:ROWS]
    radius = np.hypot(x - 256, y - 256)
    body = _ellipse(x, y, 256, 262, 200 + 15 * np.sin(6 * z), 140 + 10 * np.cos(5 * z))
    image = np.where(body, 40 + 15 * np.sin(x / 40 + z * 3), AIR)
    for side in (-85, 85):
        image[_ellipse(x, y, 256 + side, 250, 65 + 12 * np.sin(3 * z), 95) & body] = -850
    image[np.hypot(x - 256, y - 350) < 25] = 400
    image = _blur(image, 0.7) + noise * (1 + 0.5 * np.exp(-((radius / 180) ** 2)))
    image = np.where(radius < 250, image, OUTSIDE)
    pixels: Image = np.clip(np.rint(image) + 1024, 0, 4095).astype("<u2")
    return pixels


def _uid(*words: object) -> UID:
    return generate_uid(prefix=PREFIX, entropy_srcs=["benchmark", *map(str, words)])


def _dataset(number: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = _uid("instance", number)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(PREFIX + "1")
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    series = 1 + (number - 1) // 500
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid("study"), _uid("series", series)
    dataset.SpecificCharacterSet, dataset.ImageType = "ISO_IR 100", ["ORIGINAL", "PRIMARY", "AXIAL"]
    for kind in ("Study", "Series", "Acquisition", "Content"):
        setattr(dataset, f"{kind}Date", "20260101")
        setattr(dataset, f"{kind}Time", "101112.123456")
    _describe(dataset, number, series)
    return dataset


def _describe(dataset: Dataset, number: int, series: int) -> None:
    dataset.PatientName, dataset.PatientID = "BENCHMARK^CT", "BENCHMARK"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.AccessionNumber, dataset.StudyID, dataset.Modality = "BENCH1", "1", "CT"
    dataset.StudyDescription, dataset.SeriesDescription = "CT of the thorax", "Thorax 1.0"
    dataset.SeriesNumber, dataset.InstanceNumber = str(series), str(number)
    dataset.ImagePositionPatient = ["-250.0", "-250.0", f"{number:.1f}"]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.FrameOfReferenceUID, dataset.PixelSpacing = _uid("frame"), ["0.9", "0.9"]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = ROWS
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.RescaleIntercept, dataset.RescaleSlope = "-1024", "1"
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"
    private = dataset.private_block(0x29, "BENCHMARK HEADER", create=True)  # as vendors' files carry one
    private.add_new(0x10, "OB", np.random.default_rng(number).integers(0, 80, 4000, dtype=np.uint8).tobytes())


def _as_file(dataset: FileDataset, pixels: Image) -> bytes:
    dataset.PixelData = pixels.tobytes()
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def write_ct(folder: Path, slices: int) -> list[Path]:
    """Write the CT into *folder*, unless it is there; give its files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"IM{number:05d}" for number in range(1, slices + 1)]
    if not paths[-1].exists():
        for path, data in zip(paths, make_ct(slices), strict=True):
            path.write_bytes(data)
    return paths


if __name__ == "__main__":
    print(len(write_ct(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)), "slices")
