"""Decides what goes into a package and under which name; both formats share it.

Names carry no meaning (PS3.10 §8.6): ``DICOM/ST000001/SE000001/IM000001``, at most 8 characters ``A-Z 0-9 _``, no
extension, no word of a patient's. A folder holds at most 1,000 files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import NAMESPACE_OID, uuid5

from contracts.manifest import DicomJson, Manifest, ManifestInstance, ManifestSeries
from services.archiver.dicomdir import Dicomdir
from services.archiver.dicomdir_records import (
    Moment,
    pack_instance,
    pack_patient,
    pack_series,
    pack_study,
    value_of,
)

FILES_PER_FOLDER = 1000
FILE_SET_ID = "PATIENT_PORTAL"
"""The file-set's id and the volume's name (PS3.12 F): at most 16 characters."""
PATIENT_ID, SERIES_DATE, ACQUISITION_DATE, CONTENT_DATE = "00100020", "00080021", "00080022", "00080023"


@dataclass(slots=True)
class PlacedSeries:
    """A series with its number in the package (from 1), its folder and the objects that go in, in the order shown."""

    number: int
    folder: str
    series: ManifestSeries
    instances: list[ManifestInstance] = field(default_factory=list)

    def path_of(self, index: int) -> str:
        """Give the path of the object at *index* (from 0)."""
        name = f"IM{index + 1:06d}"
        if len(self.instances) <= FILES_PER_FOLDER:
            return f"{self.folder}/{name}"
        return f"{self.folder}/G{index // FILES_PER_FOLDER + 1:06d}/{name}"

    def placed(self) -> Iterator[tuple[str, ManifestInstance]]:
        """Give each object with its path."""
        return ((self.path_of(index), instance) for index, instance in enumerate(self.instances))


@dataclass(slots=True)
class PlacedStudy:
    """A study with its number in the package (from 1)."""

    number: int
    study_uid: str
    keys: DicomJson
    series: list[PlacedSeries] = field(default_factory=list)


@dataclass(slots=True)
class PlacedPatient:
    """All studies under one Patient ID; the id is invented where the objects have none."""

    patient_id: str
    keys: DicomJson
    studies: list[PlacedStudy] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """What the package holds, by patient, study and series."""

    patients: list[PlacedPatient]

    def series(self) -> Iterator[PlacedSeries]:
        """Give all series in the order of the package."""
        return (series for patient in self.patients for study in patient.studies for series in study.series)

    def placed(self) -> Iterator[tuple[str, ManifestInstance]]:
        """Give each object with its path, in the order of the package."""
        return (placed for series in self.series() for placed in series.placed())

    def transfer_syntaxes(self) -> set[str]:
        """Give the transfer syntaxes of all objects."""
        return {instance.transfer_syntax_uid for _, instance in self.placed()}


def lay_out(manifests: Iterable[Manifest], *, include_findings: bool) -> Layout:
    """Place every object that may go in; a study that several exams share comes once, in its newest version.

    Objects that carry findings stay out unless *include_findings*. Objects without a Patient ID are never put
    together with those of another study.
    """
    patients: dict[str, PlacedPatient] = {}
    studies: dict[tuple[str, str], PlacedStudy] = {}
    series_count = 0
    for manifest in _newest(manifests):
        known_id = value_of(manifest.patient, PATIENT_ID)
        patient_key = f"id {known_id}" if known_id else f"study {manifest.study_uid}"
        for series in manifest.series:
            instances = [one for one in series.instances if include_findings or one.role != "finding"]
            if not instances:
                continue
            patient = patients.setdefault(patient_key, PlacedPatient(known_id or "", manifest.patient))
            study_key = (patient_key, manifest.study_uid)
            if study_key not in studies:
                studies[study_key] = PlacedStudy(len(studies) + 1, manifest.study_uid, manifest.study)
                patient.studies.append(studies[study_key])
            series_count += _place(studies[study_key], series, instances, series_count + 1)
    _invent_patient_ids(list(patients.values()))
    return Layout(list(patients.values()))


def _newest(manifests: Iterable[Manifest]) -> list[Manifest]:
    newest: dict[str, Manifest] = {}
    for manifest in manifests:
        known = newest.get(manifest.study_id)
        if known is None or manifest.version > known.version:
            newest[manifest.study_id] = manifest
    return list(newest.values())


def _place(study: PlacedStudy, series: ManifestSeries, instances: list[ManifestInstance], number: int) -> int:
    """Put *instances* into *study*; give 1 when that took a new series, else 0."""
    for placed in study.series:
        if placed.series.series_uid == series.series_uid:
            known = {(one.sop_instance_uid, one.sha256) for one in placed.instances}
            placed.instances += [one for one in instances if (one.sop_instance_uid, one.sha256) not in known]
            return 0
    folder = f"DICOM/ST{study.number:06d}/SE{number:06d}"
    study.series.append(PlacedSeries(number, folder, series, instances))
    return 1


def _invent_patient_ids(patients: list[PlacedPatient]) -> None:
    taken = {patient.patient_id for patient in patients}
    number = 0
    for patient in patients:
        while not patient.patient_id:
            number += 1
            if (invented := f"UNKNOWN{number}") not in taken:
                patient.patient_id = invented


def make_dicomdir(layout: Layout, made: Moment) -> bytes:
    """Give the DICOMDIR of *layout*; *made* stands for days and times that no object tells."""
    dicomdir = Dicomdir(_file_set_uid(layout, made), FILE_SET_ID)
    for patient in layout.patients:
        dicomdir.add(0, pack_patient(patient.keys, patient.patient_id))
        for study in patient.studies:
            _add_study(dicomdir, study, made)
    return dicomdir.to_bytes()


def _add_study(dicomdir: Dicomdir, study: PlacedStudy, made: Moment) -> None:
    day = value_of(study.keys, "00080020") or _day_of(study) or made.date
    moment = Moment(day, value_of(study.keys, "00080030") or "000000")
    dicomdir.add(1, pack_study(study.keys, study.study_uid, study.number, moment))
    for series_number, placed in enumerate(study.series, start=1):
        dicomdir.add(2, pack_series(placed.series, series_number))
        for number, (path, instance) in enumerate(placed.placed(), start=1):
            dicomdir.add(3, pack_instance(instance, path, number, moment))


def _day_of(study: PlacedStudy) -> str | None:
    """Give the day that a study without Study Date was made on, as its series and objects tell it."""
    for placed in study.series:
        sources = [placed.series.keys, *(instance.keys for instance in placed.instances[:1])]
        for keys in sources:
            for tag in (SERIES_DATE, ACQUISITION_DATE, CONTENT_DATE):
                if day := value_of(keys, tag):
                    return str(day)
    return None


def _file_set_uid(layout: Layout, made: Moment) -> str:
    """Give a UID that is the same for the same content at the same moment, so that a rebuilt package is the same."""
    named = " ".join(instance.sha256 for _, instance in layout.placed())
    return f"2.25.{uuid5(NAMESPACE_OID, f'{made.date}{made.time} {named}').int}"
