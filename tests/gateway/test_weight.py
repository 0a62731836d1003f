"""Every page is light however much there is to show: at most 100 KB before its images, nothing packed."""

import re

import pytest

from tests.gateway.upstreams import exam
from tests.gateway.upstreams.identity_desk import ACCOUNT

HEAVIEST_BYTES = 100_000
STATIC = re.compile(r"/static/([\w.-]+)\?v=")
UID = "1.3.12.2.1107.5.2.32.35162.30000026112315405{:05}{:05}"
WORDS = "The ventricles, sulci and cisterns are normal in size for the patient's age, and nothing is displaced. "
ID = "{:032x}"
FIRST, MIDDLE = ID.format(1), ID.format(90)


def many_exams():
    names = ("MRI of the thoracic spine without contrast", "CT of the chest and abdomen", "X-ray of the left shoulder")
    return [
        exam(number, id=ID.format(number), plainName=names[number % 3], date=f"{2026 - number // 10}-06-11T15:40:00Z")
        for number in range(1, 201)
    ]


def many_series():
    looks = [{"slug": slug, "window": None} for slug in ("standard", "brighter", "softer", "high-contrast")]
    return [
        {
            "uid": UID.format(number, 0), "modality": "MR", "description": f"AX T2 FLAIR FS 3 mm {number}",
            "looks": looks,
            "images": [
                {"uid": UID.format(number, at), "number": at, "frames": 1}
                for at in range(1, 1201 if number == 1 else 41)
            ],
        }
        for number in range(1, 41)
    ]  # fmt: skip


def a_package(number):
    return {
        "id": ID.format(number), "examIds": [ID.format(number)], "format": "zip", "state": "ready", "progress": 1.0,
        "size": 1000, "bytesSent": 0, "fileName": "H26118201-MRI-of-the-brain.zip", "lastDownloadedAt": None,
        "expiresAt": "2026-11-25T20:00:00Z", "sha256": "a" * 64,
    }  # fmt: skip


def a_share(number):
    allows = {"mayDownload": True, "includeReport": False, "includeVisitSummary": False}
    return {
        "id": ID.format(number), "url": f"https://portal.example/s#{number:043}",
        "nickname": "Dr. Shah, second opinion",
        "state": "ended" if number % 2 else "active", "permissions": allows, "opens": 300, "madeBy": "account",
        "examIds": [ID.format(number), ID.format(number + 1)], "expiresAt": "2026-12-25T05:59:59Z",
    }  # fmt: skip


def a_help_request(number):
    code = {"id": "c1", "state": "expired", "expiresAt": "2026-11-20T20:30:00Z", "locationId": "TX-HOU-01"}
    return {
        "id": ID.format(number), "reason": "code-expired", "name": "Rosa Vega-Hernandez", "contact": "rosa@example.org",
        "dateOfBirth": "1984-03-14", "message": WORDS * 3, "language": "es", "madeAt": "2026-11-23T20:30:00Z",
        "state": "open", "verifiedBy": None, "note": None, "answeredAt": None,
        "icode": code | {"patientName": "Rosa Vega", "visitId": "v1", "patientId": "p1"},
    }  # fmt: skip


def a_visit(number):
    exams = [{"id": ID.format(at), "accession": f"H26-{at:06}", "description": "MRI of the brain"} for at in range(4)]
    patient = {"id": ID.format(number), "name": "Marisol Vega-Hernandez", "dateOfBirth": "1984-03-14"}
    return {
        "id": ID.format(number), "mrn": "00482913", "date": "2026-11-23", "locationId": "TX-HOU-01", "exams": exams,
        "patient": patient,
    }  # fmt: skip


AT = "2026-11-23T20:30:00Z"
OPENING = {"at": AT, "name": "Dr. R. Shah-Hernandez", "device": "Windows computer", "address": "203.0.113.x"}
ACT = {
    "at": AT, "who": "Dr. R. Shah-Hernandez", "action": "share.opened", "device": "Firefox on Windows",
    "text": "Opened the link and looked at the images", "examId": FIRST, "address": "203.0.113.x",
}  # fmt: skip
ENTRY = {
    "at": AT, "actor": f"staff:{FIRST}", "actorUserId": "dana.whitfield", "action": "icode.issue", "patient": FIRST,
    "object": f"icode:{FIRST}", "from": "203.0.113.7", "outcome": "done", "slug": None, "reason": "photo-id: came back",
}  # fmt: skip
GUEST = {
    "id": FIRST, "firstName": "Mia", "lastName": "Vega-Hernandez", "dateOfBirth": "2015-06-01", "guardian": "Rosa Vega",
    "phone": "713-555-0000", "email": "rosa.vega@example.org", "locationId": "TX-HOU-01",
    "examWanted": "X-ray, left arm", "preferredTimes": "mornings, not on Fridays", "language": "es", "madeAt": AT,
}  # fmt: skip
STUDY = {
    "reason": "other-patient", "studyUid": UID, "accession": "H26-118201", "mrn": "00999",
    "patientName": "VEGA^MARISOL", "description": "MR BRAIN WO CONTRAST", "instances": 240, "receivedAt": AT,
}  # fmt: skip
DEVICE = {"device": "Chrome on Windows", "beganAt": AT, "lastUsedAt": AT, "address": "203.0.113.x", "current": False}


@pytest.fixture(params=["en", "es"])
def browser_with_much(request, browser, services):
    """Somebody's browser, where there is very much of everything."""
    browser.get(f"/language/{request.param}")
    services.exams = many_exams()
    services.packages = {ID.format(number): a_package(number) for number in range(1, 200, 5)}
    services.shares = {ID.format(number): a_share(number) for number in range(1, 121)}
    text = ("FINDINGS: " + WORDS * 400 + "\n") * 5
    report = {"status": "final", "title": "MRI", "impression": WORDS * 20, "text": text}
    services.long = {
        "/exams": {"exams": services.exams},
        "/packages": {"packages": list(services.packages.values())},
        "/shares": {"shares": list(services.shares.values())},
        "/me/activity": {"activities": [ACT] * 500},
        "/me/devices": {"devices": [DEVICE | {"id": ID.format(number)} for number in range(60)]},
        "/staff/help-requests": {"helpRequests": [a_help_request(number) for number in range(120)]},
        "/staff/guest-appointments": {"guestAppointments": [GUEST] * 300},
        "/staff/visits": {"visits": [a_visit(number) for number in range(60)]},
        "/staff/accounts": {"accounts": [ACCOUNT | {"id": ID.format(number)} for number in range(30)]},
        "/staff/audit": {"entries": [ENTRY] * 500},
        "/staff/unmatched-studies": {"studies": [STUDY | {"id": ID.format(number)} for number in range(120)]},
    }
    for one in (FIRST, MIDDLE):
        services.long[f"/exams/{one}/images"] = {"series": many_series()}
        services.long[f"/exams/{one}/report"] = report
        services.long[f"/shares/{one}/accesses"] = {"accesses": [OPENING] * 300}
    return browser


def weight(browser, page: str) -> int:
    """The page with the styles, scripts and icons that it names, and what its viewer asks for."""
    files = set(STATIC.findall(page)) - {"icon-192.png"}
    told = re.search(r'data-path="([^"]+)"', page)
    asked = [f"/static/{name}" for name in files] + ([f"{told[1]}.json?series=1&image=700"] if told else [])
    return len(page.encode()) + sum(len(browser.get(path).data) for path in asked)


OWN = (
    "/exams", "/exams?page=7", f"/exams/{MIDDLE}/visit", f"/exams/{MIDDLE}/report", f"/exams/{MIDDLE}/report?page=9",
    f"/exams/{FIRST}/images", f"/exams/{MIDDLE}/images?series=1&image=600", f"/exams/{FIRST}/images?series=2&with=33.1",
    f"/exams/{MIDDLE}/download", f"/packages/{ID.format(1)}", "/share/new", f"/share/new?exam={MIDDLE}", "/share",
    "/share?expired&page=3", f"/share/{FIRST}/activity", "/me", "/me/activity", "/me/devices",
)  # fmt: skip


@pytest.mark.parametrize("path", OWN)
def test_a_page_is_light_however_much_its_patient_has(browser_with_much, path):
    answer = browser_with_much.log_in().get(path)
    assert answer.status_code == 200
    assert weight(browser_with_much, answer.text) <= HEAVIEST_BYTES


@pytest.mark.parametrize("path", ["/shared", "/shared?page=5", f"/exams/{MIDDLE}/images"])
def test_a_recipients_page_is_light_however_much_is_shared(browser_with_much, path):
    answer = browser_with_much.enter_as_recipient().get(path)
    assert answer.status_code == 200
    assert weight(browser_with_much, answer.text) <= HEAVIEST_BYTES


DESK = ("/staff/help-requests", "/staff/guest-appointments", "/staff/unmatched")
SEARCHES = (("/staff/visits", {"mrn": "1"}), ("/staff/accounts", {"userId": "m"}), ("/staff/audit", {"actor": "s"}))


@pytest.mark.parametrize(("path", "search"), [*((path, None) for path in DESK), *SEARCHES])
def test_a_page_of_staff_is_light_however_much_was_found(browser_with_much, path, search):
    browser_with_much.post("/staff", "/staff", {"userId": "dana", "password": "x"})
    answer = browser_with_much.post(path, path, search) if search else browser_with_much.get(path)
    assert answer.status_code == 200
    assert weight(browser_with_much, answer.text) <= HEAVIEST_BYTES
