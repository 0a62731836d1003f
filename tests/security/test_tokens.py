"""Every door of identity that is not for everybody asks first who calls, and takes no token that is spoilt or foreign.

The doors are read from the app itself, so that a new one is under proof from its first day. What each answers to whom
stands in ``test_identity_doors``.
"""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from contracts.tokens import AccountGrants, ShareGrants, StaffGrants, SystemGrants
from services.chassis.access import note_ended, session_ended
from services.chassis.auth import note_key
from services.chassis.signing import Minter, load_or_make_key
from tests.identity.conftest import ANNAS_DAY, a_house
from tests.security.callers import by_public_key, signed, stranger, unsigned
from tests.security.doors import FOR_EVERYBODY, ask, doors
from tests.servers import NOON

SHARED = ShareGrants(exams=["mri"], may_download=True, include_report=True, include_visit_summary=True)


@pytest.fixture
def house(sqlite_url, tmp_path, clock):
    house = a_house(sqlite_url, tmp_path, clock)
    house.hear(*ANNAS_DAY)
    house.sharing = load_or_make_key(tmp_path / "sharing", NOON)
    with house.parts.db.begin() as tx:
        note_key(tx, house.sharing.published("sharing"))
    yield house
    house.parts.db.close()


def own_claims(house, token, **more):
    return jwt.decode(token, options={"verify_signature": False}) | more


def bad_tokens(house) -> dict[str, str]:
    """Give tokens of Anna's account, each spoilt in one way; the good one of the same session among them is real."""
    account = f"account:{house.open_account()}"
    came_in, older, over = (house.log_in() for _ in range(3))
    good, key = came_in["accessToken"], house.parts.minter.keys.at(house.clock.now())
    own, annas = own_claims(house, good), AccountGrants(patients=["anna"])
    strange, sharing = stranger(key), Minter("sharing", house.sharing)
    brought = {"kty": "OKP", "crv": "Ed25519", "x": strange.published("identity").public_key}

    def strangely(**header: Any) -> str:
        return jwt.encode(own, strange.private_key, algorithm="EdDSA", headers={"kid": key.kid} | header)

    bad = {
        "alg none": unsigned(annas),
        "its own claims, unsigned": good.rpartition(".")[0] + ".",
        "HS256 with the public key": by_public_key(key, own),
        "a stranger's signature": signed(strange, own),
        "for another part": signed(key, own | {"aud": ["notifier"]}),
        "for no part": signed(key, own | {"aud": []}),
        "expired": signed(key, own | {"iat": own["iat"] - 600, "exp": own["iat"]}),
        "not valid yet": signed(key, own | {"iat": own["iat"] + 60, "exp": own["exp"] + 60}),
        "of another issuer's name": signed(key, own | {"iss": "sharing"}),
        "of another issuer's key": signed(house.sharing, own),
        "of another kind's holder": signed(key, own | {"sub": "staff:" + account.partition(":")[2]}),
        "of another kind's grants": signed(key, own | {"grants": StaffGrants(roles=["support"]).to_json()}),
        "unknown kid": strangely(kid="unknown"),
        "path-like kid": strangely(kid="../../../../dev/null"),
        "kid of SQL": strangely(kid="' UNION SELECT public_key FROM verification_key --"),
        "jku": strangely(jku="https://evil.example/jwks.json"),
        "x5u": strangely(x5u="https://evil.example/x.pem"),
        "jwk": strangely(jwk=brought),
        "x5c": strangely(x5c=["MII"]),
        "a refresh token": came_in["refreshToken"],
        "twice": f"{good} {good}",
        "of sharing, for a share": minted(sharing, house, SHARED, "share:x"),
        "of a system": minted(house.parts.minter, house, SystemGrants(scopes=["images.read"]), "system:x"),
    }
    with house.parts.db.begin() as tx:
        ended = session_ended(own_claims(house, over["accessToken"])["sid"], "logged-out", house.clock.now())
        note_ended(tx, ended.id, ended.version, house.clock.now())
    bad["of an ended session"] = over["accessToken"]
    bad["of an older version"] = signed(key, own_claims(house, older["accessToken"], sv=0))
    with house.parts.db.begin() as tx:
        note_ended(tx, account, 1, house.clock.now())
    assert house.client.get("/me", headers={"Authorization": f"Bearer {good}"}).status_code == 200
    return bad


def minted(minter: Minter, house, grants: Any, holder: str) -> str:
    return minter.mint(holder=holder, session="x", version=1, grants=grants, now=house.clock.now())[0]


def test_every_door_but_those_for_everybody_refuses_whoever_has_no_token(house):
    found = {door.shape: ask(house, door) for door in doors(house)}
    assert set(found) >= FOR_EVERYBODY
    open_ones = {shape for shape, answer in found.items() if answer.status_code != 401}
    assert open_ones - FOR_EVERYBODY == set(), {one: found[one].text for one in open_ones - FOR_EVERYBODY}


def test_no_spoilt_or_foreign_token_opens_a_door_or_changes_a_thing(house):
    closed = [door for door in doors(house) if door.shape not in FOR_EVERYBODY]
    tokens = bad_tokens(house)
    before = house.everything_stored()
    for name, token in tokens.items():
        for door in closed:
            answer = ask(house, door, token)
            assert answer.status_code == 401, (name, door.shape, answer.text)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert house.everything_stored() == before


@pytest.mark.parametrize(
    "scheme", ["Basic {}", "Bearer", "Bearer ", "{}", "Token {}", "Bearer{}", "Bearer null", "Bearer {} x", "bearer,{}"]
)
def test_a_token_counts_in_its_own_header_alone(house, scheme):
    house.open_account()
    token = house.log_in()["accessToken"]
    sent = scheme.format(token)
    if sent != f"Bearer {token}":
        assert house.client.get("/me", headers={"Authorization": sent}).status_code == 401
    for way in (f"/me?access_token={token}", f"/me?token={token}", f"/me?Authorization=Bearer%20{token}"):
        assert house.client.get(way).status_code == 401
    house.client.set_cookie("Authorization", f"Bearer {token}")
    house.client.set_cookie("access_token", token)
    assert house.client.get("/me", headers={"X-Authorization": f"Bearer {token}"}).status_code == 401


def test_refresh_and_access_tokens_are_not_taken_for_each_other(house, clock):
    house.open_account()
    came_in = house.log_in()
    for wrong in (came_in["accessToken"], came_in["refreshToken"][3:], "rs_" + came_in["refreshToken"][3:]):
        status = 422 if len(wrong) > 200 else 401
        house.call("POST", "/sessions/refresh", status, json={"refreshToken": wrong})
    house.call("GET", "/me", 401, came_in["refreshToken"])
    house.call("POST", "/sessions/refresh", 200, json={"refreshToken": came_in["refreshToken"]})


def test_using_a_refresh_token_again_ends_its_whole_family_and_no_other(house, clock):
    house.open_account()
    family, other = house.log_in(), house.log_in()
    newest = family
    for _ in range(3):
        clock.advance(timedelta(minutes=1))
        newest = house.call("POST", "/sessions/refresh", 200, json={"refreshToken": newest["refreshToken"]})
    clock.advance(timedelta(minutes=1))
    house.call("POST", "/sessions/refresh", 401, json={"refreshToken": family["refreshToken"]})
    house.call("GET", "/me", 401, newest["accessToken"])
    house.call("POST", "/sessions/refresh", 401, json={"refreshToken": newest["refreshToken"]})
    house.call("POST", "/sessions/refresh", 200, json={"refreshToken": other["refreshToken"]})


@pytest.mark.parametrize("name", ["sub", "sid", "sv", "grants", "exp", "aud"])
def test_one_changed_claim_breaks_the_signature(house, name):
    house.open_account()
    house.open_account("bert50", ("bert",))
    head, payload, signature = house.log_in()["accessToken"].split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    others = {"sub": "account:bert", "sid": "x", "sv": 99, "exp": said["exp"] + 10**6, "aud": ["identity"]}
    others["grants"] = {"kind": "account", "patients": ["bert"]}
    changed = base64.urlsafe_b64encode(json.dumps(said | {name: others[name]}).encode()).decode().rstrip("=")
    house.call("GET", "/me", 401, f"{head}.{changed}.{signature}")
    house.call("GET", "/me", 200, f"{head}.{payload}.{signature}")
