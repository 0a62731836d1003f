"""The demo: staff, a system token, and on the first start invented patients with real images; then ``demo.json``."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from contracts.topology import SERVICES
from deploy.local.demo_feed import dicom_objects, hl7_messages, stow_body
from deploy.local.demo_registrant import registrant
from deploy.local.demo_story import DemoExam, story
from deploy.local.places import ROOT, Places, write_private
from services.chassis.clock import parse_offset

LOAD_WITHIN_S = 60.0
LOOK_EVERY_S = 0.2
ACCOUNT_USER = "jane.rivera"
ROLES = ("front-desk", "support", "operator")
ACCOUNT_EXAM = "mr"
ICODE_EXAMS = {"mr": "icode", "texas": "texas", "minor": "minor"}


class DemoFailed(Exception):
    """Raised when the demo could not be loaded; says at which step."""


@dataclass(frozen=True)
class DemoFacts:
    """What a newcomer needs to know."""

    icode: str
    account_user: str
    account_password: str
    staff_user: str
    staff_password: str
    more: list[str] = field(default_factory=list)


@dataclass
class _State:
    """What the demo keeps from start to start (``demo-state.json``, mode 0600)."""

    first_start: datetime
    passwords: dict[str, str]
    icodes: dict[str, str]
    is_loaded: bool


_pool = urllib3.PoolManager(retries=False, timeout=60)


def is_ready(url: str) -> bool:
    """Whether the part at *url* answers that it is ready."""
    try:
        return bool(_pool.request("GET", f"{url}/readyz", timeout=2).status == 200)
    except urllib3.exceptions.HTTPError:
        return False


def prepare(places: Places, env: Mapping[str, str], *, with_patients: bool) -> DemoFacts:
    """Make what is missing and write ``demo.json`` anew. Raises DemoFailed."""
    state = _read_state(places, env)
    staff = [{"userId": "staff", "password": state.passwords["staff"], "roles": ROLES}]
    staff += [{"userId": role, "password": state.passwords[role], "roles": [role]} for role in ROLES]
    token = _people(env, {"staff": staff})
    if with_patients and not state.is_loaded:
        _load(places, env, state, token)
    _write_demo(places, state, token)
    more = []
    if state.is_loaded:
        more = [
            f"More I-Codes      {state.icodes['texas']} (Texas: its report is held for 4 days)",
            f"                  {state.icodes['minor']} (a minor)",
            *registrant(state.first_start).lines(),
            "Images: real studies under invented names; sources and licences in deploy/demo/SOURCES.tsv",
        ]
    return DemoFacts(
        icode=state.icodes.get("icode", "none yet: --no-demo"),
        account_user=ACCOUNT_USER if state.is_loaded else "none yet",
        account_password=state.passwords["account"] if state.is_loaded else "",
        staff_user="staff",
        staff_password=state.passwords["staff"],
        more=more,
    )


def _read_state(places: Places, env: Mapping[str, str]) -> _State:
    path = places.folder / "demo-state.json"
    if path.exists():
        kept = json.loads(path.read_text("ascii"))
        return _State(datetime.fromisoformat(kept["firstStart"]), kept["passwords"], kept["icodes"], kept["isLoaded"])
    offset = parse_offset(env["PORTAL_CLOCK_OFFSET"]) if env.get("PORTAL_CLOCK_OFFSET") else timedelta()
    passwords = {name: f"demo-{secrets.token_urlsafe(12)}" for name in ("account", "staff", *ROLES)}
    state = _State(datetime.now(UTC) + offset, passwords, {}, is_loaded=False)
    _keep(places, state)
    return state


def _keep(places: Places, state: _State) -> None:
    kept = {
        "firstStart": state.first_start.isoformat(),
        "passwords": state.passwords,
        "icodes": state.icodes,
        "isLoaded": state.is_loaded,
    }
    write_private(places.folder / "demo-state.json", json.dumps(kept))


def _people(env: Mapping[str, str], wanted: dict[str, Any]) -> str:
    """Let identity make *wanted*; a new system token."""
    command = [sys.executable, "-m", "deploy.local.demo_people"]
    given = json.dumps(wanted)
    done = subprocess.run(command, env=dict(env), cwd=ROOT, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoFailed(f"making staff and token failed:\n{done.stderr[-2000:]}")
    token: str = json.loads(done.stdout)["systemToken"]
    return token


def _load(places: Places, env: Mapping[str, str], state: _State, token: str) -> None:
    """Let RIS and PACS send the story, hand out I-Codes, open the account; harmless when begun before."""
    exams = story(state.first_start)
    for exam in exams:
        _send_exam(places, exam, state.first_start, token)
    desk = _call(places, "identity", "POST", "/staff/sessions", _staff_login(state))["accessToken"]
    visits = {exam.key: _find_visit(places, desk, exam) for exam in exams}
    for key, name in ICODE_EXAMS.items():
        issued = _call(places, "identity", "POST", f"/staff/visits/{visits[key]['id']}/icodes", {}, desk)
        state.icodes[name] = issued["icode"]
    account = {
        "userId": ACCOUNT_USER,
        "email": next(exam.patient.email for exam in exams if exam.key == ACCOUNT_EXAM),
        "password": state.passwords["account"],
        "language": "en",
        "patients": [visits[ACCOUNT_EXAM]["patient"]["id"]],
    }
    _people(env, {"account": account})
    state.is_loaded = True
    _keep(places, state)


def _staff_login(state: _State) -> dict[str, str]:
    return {"userId": "staff", "password": state.passwords["staff"]}


def _send_exam(places: Places, exam: DemoExam, first_start: datetime, token: str) -> None:
    for message in hl7_messages(exam, first_start):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/hl7-v2"}
        answer = _pool.request("POST", f"{places.url('exams')}/hl7v2", body=message.encode(), headers=headers)
        if answer.status != 200 or b"MSA|AA" not in answer.data:
            raise DemoFailed(f"the RIS message of {exam.key} was not taken: {answer.status}")
    objects = list(dicom_objects(exam, first_start))
    if not objects:
        return
    body, content_type = stow_body(objects)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
    answer = _pool.request("POST", f"{places.url('exams')}/dicomweb/studies", body=body, headers=headers)
    if answer.status != 200:
        raise DemoFailed(f"the images of {exam.key} were not stored: {answer.status}")


def _find_visit(places: Places, desk: str, exam: DemoExam) -> dict[str, Any]:
    """Give the exam's visit as the front desk finds it, once identity has heard of it."""
    end = time.monotonic() + LOAD_WITHIN_S
    while time.monotonic() < end:
        found = _call(places, "identity", "GET", f"/staff/visits?accession={exam.accession}", None, desk)["visits"]
        if found:
            visit: dict[str, Any] = found[0]
            return visit
        time.sleep(LOOK_EVERY_S)
    raise DemoFailed(f"identity did not hear of the visit of {exam.key}")


def _call(places: Places, part: str, method: str, path: str, body: Any, token: str | None = None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    sent = None if body is None else json.dumps(body).encode()
    answer = _pool.request(method, places.url(part) + path, body=sent, headers=headers)
    if answer.status not in {200, 201}:
        raise DemoFailed(f"{method} {path.partition('?')[0]} answered {answer.status}")
    content: dict[str, Any] = json.loads(answer.data)
    return content


def _write_demo(places: Places, state: _State, token: str) -> None:
    def login(name: str) -> dict[str, str]:
        return {"userId": name, "password": state.passwords[name]}

    facts = {
        "portalUrl": places.portal_url,
        "icode": state.icodes.get("icode"),
        "icodes": {name: code for name, code in state.icodes.items() if name != "icode"},
        "account": {"userId": ACCOUNT_USER, "password": state.passwords["account"]} if state.is_loaded else None,
        "registrant": registrant(state.first_start).as_json() if state.is_loaded else None,
        "staff": login("staff"),
        "staffByRole": {role: login(role) for role in ROLES},
        "systemToken": token,
        "services": {name: places.url(name) for name in SERVICES},
        "mailDir": str(places.mails),
    }
    write_private(places.demo_file, json.dumps(facts, indent=1))
