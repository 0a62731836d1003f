"""What ``exams`` stores and tells, as the archiver hears it."""

import hashlib
import json

from contracts.access import AccessEnded
from contracts.envelope import wrap
from contracts.exams import (
    Beat,
    ExamImagesAvailable,
    ExamManifestStored,
    ExamMoved,
    ExamRemoved,
    ReportCorrected,
    ReportStored,
    ReportWithdrawn,
    StoredStudy,
    StudyRef,
)
from services.chassis.db import new_id
from tests.archiver.manifests import DATA, MemoryStore, store_files

CT = [DATA / "sr-seg-of-ct" / "CT_small.dcm"]
CT_WITH_FINDINGS = [*CT, DATA / "sr-seg-of-ct" / "sr_document.dcm"]
MR = [DATA / "kinds" / "MR_small.dcm"]


class ExamsWorld:
    """Tells a service of exams, manifests and reports, with versions that rise; a House is one."""

    def version(self, noun):
        self.versions[noun] = self.versions.get(noun, 0) + 1
        return self.versions[noun]

    def envelope(self, event):
        owner = "identity" if isinstance(event, AccessEnded) else "exams"
        return wrap(event, message_id=new_id(), owner=owner, now=self.clock.now(), subject=event.id).to_bytes()

    def tell(self, event):
        outcome = self.service.inbox.deliver(self.envelope(event), 1)
        assert outcome.kind == "settled", outcome
        return event

    def beat(self):
        return self.tell(Beat(id="exams", version=self.version("beat"), at=self.clock.now()))

    def exam_state(self, kind, exam_id, studies=(), **changes):
        state = {
            "id": exam_id,
            "version": self.version(f"{exam_id} open"),
            "at": self.clock.now(),
            "patient_id": "patient-1",
            "visit_id": "visit-1",
            "location_id": "TX-HOU-01",
            "state": "TX",
            "time_zone": "America/Chicago",
            "modality": "CT",
            "status": "completed",
            "starts_at": self.clock.now(),
            "completed_at": self.clock.now(),
            "studies": list(studies),
            "images_available": True,
        }
        return kind(**(state | changes))

    def add_exam(self, exam_id, paths=CT, *, manifest_version=1, study_id=None, file_name=None, **changes):
        """Store *paths* as the one study of an exam and tell of it."""
        studies = self.store_study(paths, study_id or f"study-of-{exam_id}", manifest_version)
        refs = [
            StudyRef(study_id=one.study_id, manifest_version=manifest_version, instances=len(paths), bytes=40_000)
            for one in studies
        ]
        self.tell(self.exam_state(ExamImagesAvailable, exam_id, refs, **changes))
        return self.tell(self.manifest_stored(exam_id, studies, file_name or f"ACC-{exam_id}-CT-Chest"))

    def manifest_stored(self, exam_id, studies, file_name="ACC-CT-Chest"):
        return ExamManifestStored(
            id=exam_id,
            version=self.version(f"{exam_id} private"),
            at=self.clock.now(),
            exam_id=exam_id,
            studies=studies,
            file_name=file_name,
        )

    def store_study(self, paths, study_id, manifest_version):
        memory = MemoryStore()
        manifest = store_files(memory, paths)[0].model_copy(update={"study_id": study_id, "version": manifest_version})
        series = [
            one.model_copy(
                update={
                    "instances": [each.model_copy(update={"key": f"{study_id}/{each.key}"}) for each in one.instances]
                }
            )
            for other in store_files(memory, paths)
            for one in other.series
        ]
        manifest = manifest.model_copy(update={"series": series})
        for key, data in memory.objects.items():
            self.parts.objects.put(f"{study_id}/{key}", data)
        data = json.dumps(manifest.to_json()).encode()
        key = f"manifests/{study_id}/{manifest_version}"
        self.parts.objects.put(key, data)
        sha256 = hashlib.sha256(data).hexdigest()
        return [StoredStudy(study_id=study_id, manifest_version=manifest_version, manifest_key=key, sha256=sha256)]

    def release_report(self, exam_id, report_version=1, text=b"%PDF-1.4 the report"):
        key = f"reports/{exam_id}/{report_version}.pdf"
        self.parts.objects.put(key, text)
        return self.tell(self.report_stored(exam_id, report_version, text))

    def report_stored(self, exam_id, report_version=1, text=b"%PDF-1.4 the report"):
        return ReportStored(
            id=exam_id,
            version=self.version(f"{exam_id} report private"),
            at=self.clock.now(),
            exam_id=exam_id,
            report_version=report_version,
            pdf_key=f"reports/{exam_id}/{report_version}.pdf",
            sha256=hashlib.sha256(text).hexdigest(),
        )

    def taken_back(self, exam_id, report_version=1, kind=ReportWithdrawn):
        return kind(
            id=exam_id,
            version=self.version(f"{exam_id} report open"),
            at=self.clock.now(),
            exam_id=exam_id,
            patient_id="patient-1",
            report_version=report_version,
        )

    def withdraw_report(self, exam_id, report_version=1):
        return self.tell(self.taken_back(exam_id, report_version))

    def correct_report(self, exam_id, report_version=1):
        return self.tell(self.taken_back(exam_id, report_version, ReportCorrected))

    def moved(self, exam_id, reason, to="patient-2"):
        more = {"patient_id": to, "from_patient_id": "patient-1", "to_patient_id": to, "reason": reason}
        return self.exam_state(ExamMoved, exam_id, **more)

    def move_exam(self, exam_id, reason):
        return self.tell(self.moved(exam_id, reason))

    def remove_exam(self, exam_id):
        more = {"from_patient_id": "patient-1", "reason": "cancelled", "images_available": False}
        return self.tell(self.exam_state(ExamRemoved, exam_id, **more))

    def end_access(self, subject, version=99):
        return self.tell(AccessEnded(id=subject, version=version, at=self.clock.now(), reason="revoked"))
