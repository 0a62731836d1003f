"""What support does with accounts, and inviting a patient who showed a photo ID."""

import json

import pytest

AT = "/staff/accounts"
CHECKED = {"verifiedBy": "photo-id", "note": "came in person"}


@pytest.fixture
def desk(browser):
    """A browser in which a member of staff is logged in."""
    browser.post("/staff", "/staff", {"userId": "dana", "password": "x"})
    return browser


def search(desk, **fields):
    return desk.post(AT, AT, fields)


def post_found(desk, action, fields, page=f"{AT}?patient=p1"):
    return desk.post(page, action, fields)


def test_an_account_is_found_and_nothing_of_the_search_is_in_an_address(desk, services):
    page = search(desk, userId="marisol", email=" m@example.com ", reason="call")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    for shown in ("Marisol &lt;b&gt;Vega", "m•••••l@example.com", "Locked", "Photo ID seen"):
        assert shown in page.text
    asked = services.last("identity", AT)
    assert asked[2] == f"{AT}?userId=marisol&email=m%40example.com&reason=call&limit=5"


def test_nothing_to_search_for_is_named_and_nothing_found_said(desk):
    refused = search(desk, reason="because")
    assert refused.status_code == 422
    assert '<a href="#s-userId">Enter something to search for.</a>' in refused.text
    assert "No account was found." in search(desk, userId="nobody").text


def test_a_record_outside_ones_locations_needs_a_reason(desk):
    page = desk.get(f"{AT}?patient=far")
    assert page.status_code == 422
    assert '<a href="#s-reason">Say why you look' in page.text
    assert '<input type="hidden" name="patient" value="far">' in page.text
    assert search(desk, patient="far", reason="call").status_code == 200


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("unlock", "It is unlocked: the password can be tried again."),
        ("freeze", "It is frozen. Nobody can log in to it, and its links are ended."),
        ("second-factor-reset", "Its second factors are removed. The owner is told by email."),
    ],
)
def test_each_act_needs_a_check_and_a_note_and_is_told(desk, services, act, words):
    for fields in ({}, {"verifiedBy": "photo-id"}, {"note": "x"}, {"verifiedBy": "voice", "note": "x"}):
        page = post_found(desk, f"{AT}/a1/{act}", fields)
        assert page.status_code == 422
        assert "Nothing was changed." in page.text
    assert not [one for one in services.asked if one[2].endswith(act)]
    done = post_found(desk, f"{AT}/a1/{act}", CHECKED)
    assert words in done.text
    assert json.loads(services.last("identity", f"{AT}/a1/{act}")[4]) == CHECKED


def test_what_is_offered_is_what_the_account_needs(desk):
    page = desk.get(f"{AT}?patient=p1").text
    assert f'action="{AT}/a1/unlock"' in page
    assert f'action="{AT}/a1/unfreeze"' not in page
    frozen = post_found(desk, f"{AT}/a1/freeze", CHECKED).text
    assert f'action="{AT}/a1/unfreeze"' in frozen
    assert f'action="{AT}/a1/freeze"' not in frozen
    assert f'action="{AT}/a1/unlock"' not in post_found(desk, f"{AT}/a1/unlock", CHECKED).text


def test_an_account_closed_meanwhile_is_said_to_be_gone(desk):
    page = post_found(desk, f"{AT}/a1/freeze", CHECKED | {"note": "gone"})
    assert page.status_code == 404
    assert "There is no such account any more." in page.text


def test_there_is_no_other_act(desk):
    assert desk.client.post(f"{AT}/a1/delete", data=CHECKED).status_code == 400
    token = desk.csrf(AT, AT)
    assert desk.client.post(f"{AT}/a1/delete", data=CHECKED | {"csrf": token}).status_code == 400


def test_a_visits_patient_leads_to_their_account_or_an_invitation(desk):
    found = desk.post("/staff/visits", "/staff/visits", {"mrn": "00482913"}).text
    assert f'href="{AT}?patient=p1"' in found
    assert "Invite to create an account" not in desk.get(f"{AT}?patient=p1").text
    page = desk.get(f"{AT}?patient=p2").text
    assert "This patient has no account." in page
    assert "Invite to create an account" in page


INVITE = "/staff/patients/p2/invitations"


def test_an_invitation_is_made_after_a_photo_id_and_shown_once(desk, services):
    refused = desk.post(f"{AT}?patient=p2", INVITE, {"note": "x"})
    assert refused.status_code == 422
    assert '<a href="#s-seen">See a photo ID first, then check the box.</a>' in refused.text
    made = desk.post(f"{AT}?patient=p2", INVITE, {"verifiedBy": "photo-id", "note": " "})
    assert json.loads(services.last("identity", INVITE)[4]) == {"verifiedBy": "photo-id"}
    assert made.headers["Cache-Control"] == "no-store"
    for shown in ("4QXR-77KM-2T9W", "Thursday, December 24, 2026", "/register/1", "data-print"):
        assert shown in made.text
    assert "4QXR" not in desk.get(f"{AT}?patient=p2").text


def test_whoever_has_an_account_is_not_invited(desk):
    page = desk.post(f"{AT}?patient=p2", INVITE, {"verifiedBy": "photo-id", "note": "again"})
    assert page.status_code == 409
    assert "This patient has an account. Help them into it instead." in page.text


CONTACTS = "/staff/patients/p1/contacts-confirmation"


def test_contacts_of_who_came_of_age_are_confirmed_after_a_photo_id_S64(desk, services):
    for fields in ({}, {"verifiedBy": "photo-id"}, {"verifiedBy": "callback-on-file", "note": "x"}):
        page = desk.post(f"{AT}?patient=p1", CONTACTS, fields)
        assert page.status_code == 422
        assert '<a href="#s-contacts">See a photo ID first' in page.text
    assert not [one for one in services.asked if one[2] == CONTACTS]
    assert "patient’s own now" in desk.post(f"{AT}?patient=p1", CONTACTS, CHECKED).text
    assert json.loads(services.last("identity", CONTACTS)[4]) == CHECKED


def test_patients_and_strangers_are_kept_out(browser):
    assert browser.get(AT).location == "/staff"
    assert browser.enter().get(AT).status_code == 404


def test_it_speaks_spanish(desk):
    desk.get("/language/es")
    assert "¿Cómo se comprobó?" in desk.get(f"{AT}?patient=p1").text
    made = desk.post(f"{AT}?patient=p2", INVITE, {"verifiedBy": "photo-id"})
    assert "Su invitación al Portal del paciente" in made.text
