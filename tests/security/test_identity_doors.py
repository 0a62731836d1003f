"""Every call that identity answers × everyone who might make it, at its own port, where no gateway stands before it."""

import re
from datetime import timedelta

import pytest

from contracts.tokens import AccountGrants, ICodeGrants, ShareGrants, SystemGrants
from gateway.edge.routes import ROUTES
from services.chassis.auth import note_key
from services.chassis.signing import Minter, load_or_make_key
from tests.identity.conftest import a_patient, a_visit, an_exam, standing_house
from tests.security.doors import FOR_EVERYBODY, ask, doors
from tests.security.watching import watched
from tests.servers import NOON
from tests.standing import QUICK_FIGURES

ACCOUNT, CODE, STAFF = ("account",), ("code",), ("front desk", "support", "operator")
NOT_HERE = ("nobody", "a share's recipient", "a system")
"""Who has no token, or one for other parts; what is no token at all stands in test_tokens."""
NOBODYS = ("an account that is not there",)

FORBIDDEN, UNKNOWN, NOT_THERE = 403, 401, 404
OWN = {"code": FORBIDDEN, "front desk": FORBIDDEN, "support": FORBIDDEN, "operator": FORBIDDEN}
DESK, SUPPORT, OPERATOR = ("front desk", "support"), ("support",), ("operator",)
"""What is said of each door: how it answers an account of one's own, asked for things that are not there."""
OWN_DOORS = {
    "PATCH /me/preferences": 200,
    "GET /me/activity": 200,
    "POST /me/icodes": 401,
    "GET /me/export": 200,
    "DELETE /me": 403,
    "PUT /me/devices/{}/push": 404,
    "GET /me/devices": 200,
    "DELETE /me/devices/{}": 404,
    "GET /me/second-factors": 200,
    "POST /me/second-factors": 403,
    "DELETE /me/second-factors/{}": 403,
    "POST /me/second-factors/{}/confirmation": 404,
    "POST /me/recovery-codes": 403,
    "POST /me/email": 403,
    "POST /me/email/{}": 403,
    "PUT /me/password": 403,
}
"""Wrong passwords, codes of nothing, ids of nothing."""
STAFF_DOORS = {
    "GET /staff/visits": (DESK, 422),
    "GET /staff/visits/{}/icodes": (DESK, 404),
    "POST /staff/visits/{}/icodes": (DESK, 404),
    "DELETE /staff/icodes/{}": (DESK, 404),
    "GET /staff/icodes/{}/portal-pass": (DESK, 404),
    "GET /staff/icodes/{}/portal-pass.pdf": (DESK, 404),
    "GET /staff/guest-appointments": (DESK, 200),
    "GET /staff/help-requests": (SUPPORT, 200),
    "POST /staff/help-requests/{}/grant": (SUPPORT, 404),
    "POST /staff/help-requests/{}/refusal": (SUPPORT, 404),
    "GET /staff/accounts": (SUPPORT, 422),
    "POST /staff/accounts/{}/unlock": (SUPPORT, 404),
    "POST /staff/accounts/{}/freeze": (SUPPORT, 404),
    "POST /staff/accounts/{}/unfreeze": (SUPPORT, 404),
    "POST /staff/accounts/{}/second-factor-reset": (SUPPORT, 404),
    "POST /staff/patients/{}/invitations": (SUPPORT, 404),
    "POST /staff/patients/{}/contacts-confirmation": (SUPPORT, 404),
    "GET /staff/audit": (OPERATOR, 200),
}
"""The roles that a door is open to, and what it answers them."""
ANY_CALLER = {"GET /me", "DELETE /sessions/current", "DELETE /sessions"}
"""Of whoever comes by a token of identity's: their own."""


@pytest.fixture
def house(request, clock):
    house = standing_house(request, clock)
    watched(house, *QUICK_FIGURES)
    return house


def callers(house, folder):
    """Give a fresh token of everyone who might ask."""
    minter, now = house.parts.minter, house.clock.now()
    sharing = Minter("sharing", load_or_make_key(folder / "sharing", NOON - timedelta(days=1)))
    with house.parts.db.begin() as tx:
        note_key(tx, sharing.keys.at(now).published("sharing"))

    def minted(of, holder, grants):
        return of.mint(holder=holder, session="s", version=1, grants=grants, now=now)[0]

    shared = ShareGrants(exams=["mri"], may_download=True, include_report=True, include_visit_summary=True)
    return {
        "nobody": None,
        "a share's recipient": minted(sharing, "share:s1", shared),
        "a system": minted(minter, "system:s1", SystemGrants(scopes=["images.store"])),
        "an account that is not there": minted(minter, "account:gone", AccountGrants(patients=["anna"])),
        "account": house.log_in()["accessToken"],
        "code": house.enter(house.issue()["icode"])["accessToken"],
        **{role: house.add_staff(role.replace(" ", ""), role.replace(" ", "-")) for role in STAFF},
    }


@pytest.fixture
def tokens(house, tmp_path):
    house.open_account()
    return callers(house, tmp_path)


def expected(shape):
    """Give how a door answers each caller; None: it is not looked at here."""
    answers = dict.fromkeys(NOT_HERE, UNKNOWN)
    if shape in OWN_DOORS:
        return answers | OWN | {"account": OWN_DOORS[shape]}
    roles, status = STAFF_DOORS[shape]
    others = dict.fromkeys((*ACCOUNT, *CODE, *NOBODYS, *STAFF), FORBIDDEN)
    return answers | others | dict.fromkeys(roles, status)


def open_doors(house):
    return {one.shape: one for one in doors(house)}


def body_of(shape):
    """Give what a door is asked with where its own example does nothing."""
    return {"POST /me/icodes": {"icode": "00000-0000-0000"}}.get(shape)


@pytest.mark.parametrize("shape", [*OWN_DOORS, *STAFF_DOORS])
def test_each_door_answers_each_caller_as_the_table_says_S11_S67(house, tokens, shape):
    door, found = open_doors(house)[shape], {}
    for who, status in expected(shape).items():
        more = {"json": body_of(shape)} if body_of(shape) else {}
        found[who] = (ask(house, door, tokens[who], **more).status_code, status)
    assert {who: pair for who, pair in found.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("shape", sorted(ANY_CALLER))
def test_what_every_caller_may_ask_tells_nobody_of_another(house, tokens, shape):
    door = open_doors(house)[shape]
    for who in NOT_HERE:
        assert ask(house, door, tokens[who]).status_code == UNKNOWN, who
    answer = ask(house, door, tokens["code"])
    assert answer.status_code in {200, 204}
    assert "anna80" not in answer.text


def test_no_door_of_identity_is_left_out():
    asked = {*OWN_DOORS, *STAFF_DOORS, *ANY_CALLER}
    shapes = {
        f"{method} {re.sub('{[^}]*}', '{}', route.path)}"
        for route in ROUTES
        for method in route.methods
        if route.to in {"identity", "issuer"}
    }
    assert shapes - asked - FOR_EVERYBODY == set()


def test_every_public_call_of_identity_is_answered(house):
    public = {re.sub("{[^}]*}", "{}", one.path) for one in ROUTES if one.to == "identity"}
    assert public - {one.path for one in doors(house)} == set()


def test_what_is_anothers_answers_as_what_does_not_exist(house, tokens):
    house.hear(a_patient("bert"), a_visit("visit-2", patient_id="bert"))
    house.hear(an_exam("berts", patient_id="bert", visit_id="visit-2"))
    house.open_account("bert70", ("bert",))
    berts = house.log_in("bert70")["accessToken"]
    device = house.call("GET", "/me/devices", 200, berts)["devices"][0]["id"]
    for method, path, body in (
        ("DELETE", "/me/devices/{}", None),
        ("PUT", "/me/devices/{}/push", {"platform": "ios", "token": "x" * 20}),
    ):
        theirs, nothing = (
            house.client.open(
                path.format(one), method=method, json=body, headers={"Authorization": f"Bearer {tokens['account']}"}
            )
            for one in (device, "f" * 32)
        )
        assert (theirs.status_code, theirs.data) == (nothing.status_code, nothing.data)
        assert theirs.status_code == NOT_THERE
    assert house.call("GET", "/me/devices", 200, berts)["devices"][0]["id"] == device


def test_a_code_for_some_exams_is_no_account_whatever_it_claims(house, tokens):
    token, _ = house.parts.minter.mint(
        holder="icode:x", session="s", version=1, grants=ICodeGrants(visit="visit-1", exams=["mri"]), now=NOON
    )
    for shape in OWN_DOORS:
        assert ask(house, open_doors(house)[shape], token).status_code == FORBIDDEN, shape
