"""Exams as the gateway sees it."""

import io
from typing import Any

from flask import Flask, Response, request
from PIL import Image

from tests.gateway.upstreams.known import HOUSTON, Services, new_app, problem

NO_PICTURE = {"1.2.130": "unsupported"}
"""Why some images have none, by UID."""


def exams(kept: Services) -> Flask:
    app = new_app("exams", kept)

    def find(exam_id: str) -> dict[str, Any] | None:
        return next((one for one in kept.exams if one["id"] == exam_id), None)

    @app.get("/exams")
    def listed() -> Any:
        return {"exams": kept.exams, "next": None}

    @app.get("/exams/<exam_id>")
    def one(exam_id: str) -> Any:
        return find(exam_id) or problem(404, "exam-not-found")

    @app.get("/exams/<exam_id>/visit-summary")
    def summary(exam_id: str) -> Any:
        steps = [
            {"slug": "completed", "at": "2026-11-23T16:25:00Z"},
            {"slug": "report-signed", "at": "2026-11-23T20:10:00Z"},
            {"slug": "report-sent", "at": "2026-11-23T20:10:00Z"},
            {"slug": "report-available", "at": None, "dueAt": "2026-11-27T20:10:00Z"},
        ]
        patient = {"name": "Marisol Vega", "dateOfBirth": "1984-03-14", "sex": "F", "mrn": "00482913"}
        visit = {
            "number": "V77", "date": "2026-11-23T15:40:00Z", "location": HOUSTON,
            "referringPhysician": "Dr. Grace Adeyemi",
            "reason": "Headaches for 6 weeks", "allergies": ["Penicillin"], "diagnoses": ["R51.9, headache"],
        }  # fmt: skip
        return {"exam": find(exam_id), "patient": patient, "visit": visit, "steps": steps}

    @app.get("/exams/<exam_id>/report")
    def report(exam_id: str) -> Any:
        if (find(exam_id) or {}).get("report", {}).get("status") != "available":
            return problem(404, "report-not-released")
        text = "IMPRESSION: No acute bleeding.\nFINDINGS: The ventricles are normal in size.\nThe bones are intact."
        return {
            "examId": exam_id,
            "status": "final",
            "title": "CT of the head without contrast",
            "text": text,
            "impression": "No acute bleeding.",
            "signedAt": "2026-11-09T22:32:00Z",
            "interpreter": "Dr. Samuel Okafor",
            "pdf": f"/api/v1/exams/{exam_id}/report.pdf",
        }

    @app.get("/exams/<exam_id>/report.pdf")
    def pdf(exam_id: str) -> Any:
        return Response(b"%PDF-1.7", content_type="application/pdf", headers={"Cache-Control": "private"})

    @app.get("/exams/<exam_id>/images")
    def images(exam_id: str) -> Any:
        listed = [
            {"uid": uid, "number": n, "frames": 1, "noPicture": NO_PICTURE.get(uid)}
            for n, uid in ((n, f"1.2.{n}") for n in range(1, 131))
        ]
        looks = [{"slug": "standard", "window": None}, {"slug": "lung", "window": "-600,1500"}]
        cine = [{"uid": "1.3.1", "number": 1, "frames": 3}]
        axial = {"uid": "1.2", "modality": "CT", "description": "Axial, 5 mm", "images": listed, "looks": looks}
        return {"series": [axial, {"uid": "1.3", "modality": "US", "description": "Cine", "images": cine}]}

    @app.get("/exams/<exam_id>/images/<uid>.jpg")
    def picture(exam_id: str, uid: str) -> Any:
        return picture_of(uid)

    _add_waiting(app, kept)
    return app


def _add_waiting(app: Flask, kept: Services) -> None:
    @app.get("/staff/unmatched-studies")
    def unmatched() -> Any:
        study = {
            "id": "st1", "reason": "other-patient", "studyUid": "1.2.9", "accession": "H26-118201", "mrn": "00999",
            "patientName": "VEGA^<b>MARI", "description": "MR BRAIN", "instances": 24,
            "receivedAt": "2026-11-23T20:30:00Z",
        }  # fmt: skip
        is_matched = any(
            one[1] == "POST" and one[2].endswith("/st1/match") and b"far" not in one[4] for one in kept.asked
        )
        return {"studies": [] if is_matched else [study], "next": None}

    @app.post("/staff/unmatched-studies/<study_id>/match")
    def match(study_id: str) -> Any:
        if request.get_json()["note"] == "far":
            return problem(404, "not-found", errors=[{"field": "examId", "slug": "not-found"}])
        return "", 204


def picture_of(uid: str) -> Response:
    """A picture of a shade of its own, or why there is none."""
    if uid in NO_PICTURE:
        return problem(404, "no-picture", reason=NO_PICTURE[uid])
    shade = int(uid.rpartition(".")[2]) % 200 + 30
    out, size = io.BytesIO(), min(int(request.args.get("size", 256)), 512)
    Image.radial_gradient("L").resize((size, size)).point(lambda value: value * shade // 255).save(out, "JPEG")
    return Response(
        out.getvalue(), content_type="image/jpeg", headers={"Cache-Control": "private, no-cache", "ETag": '"x"'}
    )
