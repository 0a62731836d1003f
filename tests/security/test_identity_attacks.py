"""What somebody with bad intent types into identity's doors: no fault of ours answers it, nothing becomes of it."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from contracts.exams import PatientMerged, PatientUnmerged
from contracts.messages import ContactChanged, MessageRequested
from services.identity.domain.accounts import UserIdMalformed, fold_user_id
from services.identity.store.tries import TriesRow
from tests.identity import test_regions
from tests.identity.conftest import PASSWORD, a_patient, a_visit, an_exam, standing_house
from tests.identity.registering import begin, choose, register, slug, until
from tests.notifier.conftest import a_post_office
from tests.security.doors import Door, ask, doors
from tests.security.watching import watched
from tests.servers import NOON
from tests.standing import KINDS, QUICK_FIGURES

MARK = "evilmark"
TYPED = {
    "SQL": f"' OR '1'='1'; DROP TABLE account; -- {MARK}",
    "SQL of LIKE": f"%_{MARK}%",
    "format": f"%s%n%x {{0.__class__.__mro__}} {{{{7*7*7*7}}}} ${{7*7}} {MARK}",
    "shell": f"$(touch /tmp/{MARK}) `id` | cat",
    "path": f"../../../../etc/passwd {MARK}",
    "markup": f'"><script>{MARK}</script>',
    "overlong": MARK * 2000,
    "very overlong": MARK * 40_000,
    "NUL": f"a\x00{MARK}",
    "surrogates": f"\ud800{MARK}\udfff",
    "right to left": f"\u202e{MARK}\u2066",
    "line breaks": f"{MARK}\r\nBcc: eve@example.org\r\n\r\nhello",
    "other breaks": f"{MARK}\u2028\x85\x0b",
    "invisible": "\u200b\u2060\ufeff\u00ad",
    "astral": "\U0001f4a9" * 30 + MARK,
    "combining": "a" + "\u0301" * 500 + MARK,
    "a list": [MARK], "an object": {"$ne": MARK}, "a number": 10**400, "minus": -1, "true": True, "null": None,
}  # fmt: skip
"""What is typed into every field of every door."""


@pytest.fixture(params=KINDS)
def house(request, clock):
    house = standing_house(request, clock, request.param)
    watched(house, *QUICK_FIGURES)
    return house


def fields(house, door):
    """Give the names of all fields that *door* reads."""
    for rule in house.client.application.url_map.iter_rules():
        read = getattr(house.client.application.view_functions[rule.endpoint], "_spec", {}).get("body")
        if read is not None and door.method in rule.methods and len(rule.rule.split("/")) == len(door.path.split("/")):
            path = "/".join("{}" if part.startswith("<") else part for part in rule.rule.split("/"))
            if path == door.path:
                return [one.alias or name for name, one in read.model_fields.items()]
    return []


def callers(house) -> dict[str, str]:
    """Give tokens with which each door can be asked."""
    house.open_account()
    found = {"/me": house.log_in()["accessToken"]}
    return found | {role: house.add_staff(f"a-{role}", role) for role in ("front-desk", "support")}


as_it_logs = test_regions.as_it_logs


def all_fields(house) -> list[tuple[Door, str, str | None]]:
    """Give each field of each door that reads a body, with the token of somebody to whom the door is open."""
    tokens, found = callers(house), []
    for door in doors(house):
        for field in fields(house, door) if door.shape != "DELETE /me" else []:
            whose = ["front-desk", "support"] if door.path.startswith("/staff/") else ["/me"]
            found += [(door, field, tokens[one]) for one in whose]
    return found


def test_whatever_is_typed_into_any_field_is_refused_or_kept_as_text(house, as_it_logs, capfd):
    as_it_logs()
    asks = all_fields(house)
    for name, typed in TYPED.items():
        for door, field, token in asks:
            answer = ask(house, door, token, json=door.body | {field: typed})
            assert answer.status_code < 500, (name, door.shape, field, answer.text)
            assert MARK not in answer.text, (name, door.shape, field)
            assert MARK not in str(answer.headers), (name, door.shape, field)
        with house.parts.db.begin() as tx:
            tx.execute(delete(TriesRow))
        told = capfd.readouterr()
        assert "/help-requests" in told.out
        assert MARK not in told.out + told.err, name
    assert house.log_in()["viewer"]["userId"] == "anna80"  # all stands as it was


def test_a_megabyte_in_a_password_is_refused_before_anything_is_hashed(house):
    tokens = callers(house)
    asked = 0
    for door in doors(house):
        for field in fields(house, door):
            if "password" not in field.lower():
                continue
            asked += 1
            for size, statuses in ((1 << 20, {413}), (200_000, {422}), (1001, {422})):
                house.parts.hasher.work.clear()
                answer = ask(house, door, tokens["/me"], json=door.body | {field: "y" * size})
                assert answer.status_code in statuses, (door.shape, field, size, answer.text)
                assert house.parts.hasher.work == []
                assert "yyyy" not in answer.text
    assert asked >= 8


# --- one User ID, one address ---------------------------------------------------------------------------------------

LOOKS = {
    "composed": ("Zo\u00e9 \u00c5ngstr\u00f6m", "zoe\u0301 a\u030angstro\u0308m"),
    "kelvin and angstrom signs": ("K\u00c5", "\u212a\u212b"),
    "full width": ("anna80x", "\uff41\uff4e\uff4e\uff41\uff18\uff10\uff58"),
    "case": ("Stra\u00dfe", "STRASSE"),
    "ligature": ("office", "o\ufb03ce"),
    "mathematical": ("bold", "\U0001d41b\U0001d428\U0001d425\U0001d41d"),
    "circled": ("abc1", "\u24d0\u24d1\u24d2\u2460"),
    "final sigma": ("\u03bd\u03b9\u03ba\u03bf\u03c3", "\u039d\u0399\u039a\u039f\u03c2"),
    "hangul": ("\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
    "blanks around": ("anna x", "\u00a0anna x\u3000"),
    "Cyrillic letters that look Latin": ("peace", "\u0440\u0435\u0430\u0441\u0435"),
    "one Cyrillic letter": ("anna90", "\u0430nna90"),
    "Cyrillic capitals": ("kate", "\u041a\u0410\u0422\u0415"),
    "Greek letters that look Latin": ("tokio", "\u03c4\u03bfk\u03b9\u03bf"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_user_ids_that_differ_by_unicode_form_alone_are_one_S20(house, look):
    first, other = LOOKS[look]
    register(house, user_id=first)
    path = until_ben(house)
    assert slug(choose(house, path, 409, userId=other)) == "user-id-taken"
    assert house.log_in(other)["viewer"]["userId"] == first
    for _ in range(5):
        house.log_in(other, "wrong but long enough", 401)
    house.log_in(first, PASSWORD, 429)  # and their tries are counted together


def until_ben(house):
    """Give the path of a registration by invitation, which waits for credentials."""
    house.hear(a_patient("ben"))
    seen = {"verifiedBy": "photo-id", "note": "asked in person"}
    token = house.add_staff("s", "support")
    code = house.call("POST", "/staff/patients/ben/invitations", 201, token, json=seen)["invitationCode"]
    return begin(house, firstName="Ben", invitationCode=code)


@pytest.mark.parametrize(
    "user_id", ["an\u200bna", "\u202eanna", "an\u00adna", "anna\u2060", "\ufeffanna", "an\tna", "\u200d"]
)
def test_a_user_id_with_what_cannot_be_seen_is_refused_S20(house, user_id):
    path = until(house, "credentials")
    assert choose(house, path, 422, userId=user_id)["errors"][0]["field"] == "userId"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_folded_form_of_a_user_id_is_one_whatever_was_done_to_it(user_id):
    from unicodedata import normalize

    try:
        folded = fold_user_id(user_id)
    except UserIdMalformed:
        return
    assert fold_user_id(folded) == folded
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold_user_id(normalize(form, user_id)) == folded


ADDRESSES = (
    "\uff41nna@example.org", "anna\uff20example.org", "\u0430nna@example.org", "anna@ex\u0430mple.org",
    "zoe\u0301@example.org", "zo\u00e9@example.org", "anna@example.org\r\nBcc: eve@example.org",
    "anna@example.org,eve@example.org", "anna@example.org;eve@example.org", "<anna@example.org>",
    "Anna <anna@example.org>", '"a b"@example.org', "anna@example.org\x00.evil.org", "anna@[127.0.0.1]",
    "anna@localhost", "anna@@example.org", "anna@example.org%0aBcc:x", "a" * 65 + "@example.org",
    "anna@" + "x." * 130 + "org", "-@-.org", "anna@example..org",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_plain_ascii_and_one_S20(house, address):
    path = until(house, "credentials")
    assert [one["field"] for one in choose(house, path, 422, email=address)["errors"]] == ["email"]
    account = callers(house)["/me"]
    body = {"email": address, "password": PASSWORD}
    house.call("POST", "/me/email", 422, account, json=body)
    house.call("POST", "/user-id-reminders", 422, json={"email": address})
    house.call("POST", "/password-resets", 422, json={"email": address})
    assert house.told(MessageRequested) == []


# --- what becomes a mail or a header --------------------------------------------------------------------------------

EVIL = "Anna\r\nBcc: eve@example.org\r\n\r\nClick https://evil.example"


@pytest.fixture
def post(sqlite_url, tmp_path, clock):
    office = a_post_office(sqlite_url.replace("test.db", "post.db"), tmp_path / "post", clock)
    yield office
    office.service.db.close()


def mails_of(house, post):
    """Let the notifier hear what identity told, and send."""
    return post.sent(*house.told(ContactChanged, MessageRequested))


def test_nothing_that_the_ris_or_a_person_typed_becomes_a_header_of_a_mail(house, post, clock):
    name = a_patient().name.model_copy(update={"given": EVIL, "family": EVIL})
    emails = ["anna@example.org", "anna@example.org\r\nBcc: eve@example.org", EVIL]
    house.hear(a_patient(version=2, name=name, emails=emails))
    icode = house.issue()["icode"]
    body = {"reason": "code-expired", "name": "Anna", "contact": "asker@example.org", "message": EVIL, "language": "en"}
    house.call("POST", "/help-requests", 202, json=body | {"icode": icode})
    support = house.add_staff("s", "support")
    (request,) = house.call("GET", "/staff/help-requests", 200, support)["helpRequests"]
    checked = {"verifiedBy": "photo-id", "note": EVIL}
    house.call("POST", f"/staff/help-requests/{request['id']}/grant", 200, support, json=checked)
    mails = mails_of(house, post)
    assert {mail["To"] for mail in mails} == {"anna@example.org", "asker@example.org"}
    for mail in mails:
        assert not mail.get_all("Bcc") and not mail.get_all("Cc")
        assert "evil.example" not in mail.as_string()


def test_a_log_in_from_an_evil_device_writes_a_plain_mail(house, post, clock):
    house.open_account()
    house.log_in()
    clock.advance(timedelta(days=1))
    odd = {
        "User-Agent": "x\tMozilla (\u00e9) Bcc: eve@example.org",
        "X-Portal-Device": "y" * 500,
        "X-Client-Address": "1.2.3.4",
    }
    house.log_in(headers=odd)
    for mail in mails_of(house, post):
        assert mail["To"] == "anna80@example.org"
        assert not mail.get_all("Bcc")
        assert "eve@example.org" not in mail.as_string()


def test_no_name_becomes_a_header_of_an_answer(house):
    name = a_patient().name.model_copy(
        update={"given": "Anna\r\nSet-Cookie: a=b", "family": 'D"oe\r\n; filename=x.exe'}
    )
    house.hear(a_patient(version=2, name=name))
    desk = house.desk()
    issued = house.call("POST", "/staff/visits/visit-1/icodes", 201, desk, json={})
    for ending in ("portal-pass", "portal-pass.pdf"):
        path = f"/staff/icodes/{issued['id']}/{ending}"
        answer = house.client.get(path, headers={"Authorization": f"Bearer {desk}"})
        assert answer.status_code == 200, answer.text[:300]
        assert "Set-Cookie" not in answer.headers
        assert "exe" not in str(answer.headers)


def test_what_a_request_may_not_say_about_itself_changes_nothing(house):
    """Fields that only we set, sent along: they are ignored."""
    more = {
        "patientId": "bert",
        "step": "done",
        "next": "validation",
        "provenBy": "staff",
        "kind": "staff",
        "roles": ["support"],
    }
    path = begin(house, **more)
    assert slug(choose(house, path, 409, **more)) == "registration-step"
    house.open_account()
    came_in = house.call("POST", "/sessions", 201, json={"userId": "anna80", "password": PASSWORD} | more)
    claims = house.claims(came_in["accessToken"])
    assert (claims.grants.kind, claims.grants.patients) == ("account", ["anna"])


def test_a_wrong_merge_lends_no_record_that_would_outlast_it_S11_S67(house):
    """Anna's record was merged into Bert's, and she has the code of a visit under another record of Bert's."""
    house.hear(a_patient("bert"), a_patient("bert2", name=a_patient("bert").name))
    house.hear(a_visit("visit-d", patient_id="bert2"), an_exam("dx", patient_id="bert2", visit_id="visit-d"))
    house.open_account()
    code = house.issue("visit-d")["icode"]
    house.hear(PatientMerged(id="anna", version=9, at=NOON, from_patient_id="anna", into_patient_id="bert"))
    refused = house.call("POST", "/me/icodes", 409, house.log_in()["accessToken"], json={"icode": code})
    assert slug(refused) == "record-not-addable"
    house.hear(PatientUnmerged(id="anna", version=10, at=NOON, from_patient_id="anna", into_patient_id="bert"))
    assert house.claims(house.log_in()["accessToken"]).grants.patients == ["anna"]
