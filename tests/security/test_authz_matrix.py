"""Every call about a patient's things × everyone who might make it: each answer as a table says.

The calls about one's own account, and all that identity answers, stand in ``test_identity_doors``.

At the gateway, and at the services' own ports, where no gateway stands before them.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from deploy.openapi import SERVICES, _find, _spec
from gateway.edge.routes import ROUTES
from tests.flows.client import Client

OPENS_NOTHING = (
    "nobody", "ended share", "expired", "not valid yet", "of another issuer", "for another part",
    "of another holder's kind", "signed by nobody", "signed by a stranger", "signed by its public key",
)  # fmt: skip
"""Who gets 401 for every call."""
OTHERS = ("another's code", "another's account", "an empty account", "a code for other exams of the visit")
SHARES = ("share to view", "share to download")
STAFF = ("front desk", "operator")
SYSTEMS = ("system", "system without scopes")
COLUMNS = (("own code",), ("own account",), OTHERS, *((one,) for one in (*SHARES, *STAFF)), SYSTEMS)
TABLE = """
                                              own  own      any of shared: to  front operator other
                                              code account  OTHERS view  load  desk           systems
GET /exams                                    200  200      200    200   200   403   403      403
GET /exams/{exam}                             200  200      404    200   200   403   403      403
GET /exams/{exam}/visit-summary               200  200      404    404   404   403   403      403
GET /exams/{exam}/report                      200  200      404    404   404   403   403      403
GET /exams/{exam}/report.pdf                  200  200      404    404   404   403   403      403
GET /exams/{exam}/images                      200  200      404    200   200   403   403      403
GET /exams/{exam}/images/{image}.jpg          200  200      404    200   200   403   403      403
POST /packages                                -    202      404    403   202   403   403      401
GET /packages                                 200  200      200    200   200   403   403      401
GET /packages/{package}                       200  404      404    404   404   403   403      401
GET /packages/{package}/progress              200  404      404    404   404   403   403      401
PUT /packages/{package}/notification          -    404      404    404   404   403   403      401
POST /packages/{package}/downloads            201  404      404    403   404   403   403      401
DELETE /packages/{package}                    -    404      404    404   404   403   403      401
GET /shares                                   200  200      200    403   403   403   403      401
POST /shares                                  -    -        404    403   403   403   403      401
GET /shares/{share}                           200  200      404    403   403   403   403      401
PATCH /shares/{share}                         -    403      404    403   403   403   403      401
GET /shares/{share}/accesses                  200  200      404    403   403   403   403      401
DELETE /shares/{share}                        -    -        404    403   403   403   403      401
GET /staff/visits?accession={accession}       403  403      403    401   401   200   403      401
GET /staff/visits/{visit}/icodes              403  403      403    401   401   200   403      401
POST /staff/visits/{visit}/icodes             403  403      403    401   401   -     403      401
DELETE /staff/icodes/{share}                  403  403      403    401   401   -     403      401
DELETE /staff/shares/{share}                  403  403      403    403   403   403   403      401
GET /staff/help-requests                      403  403      403    401   401   403   403      401
GET /staff/guest-appointments                 403  403      403    401   401   200   403      401
GET /staff/accounts?userId=x                  403  403      403    401   401   403   403      401
POST /staff/accounts/{share}/unlock           403  403      403    401   401   403   403      401
POST /staff/accounts/{share}/freeze           403  403      403    401   401   403   403      401
POST /staff/accounts/{share}/unfreeze         403  403      403    401   401   403   403      401
POST /staff/accounts/{share}/second-factor-reset 403  403      403    401   401   403   403      401
POST /staff/patients/{patient}/invitations    403  403      403    401   401   403   403      401
POST /staff/patients/{patient}/contacts-confirmation 403  403      403    401   401   403   403      401
GET /staff/audit?patient={patient}            403  403      403    401   401   403   200      401
GET /staff/unmatched-studies                  403  403      403    403   403   403   403      403
POST /staff/unmatched-studies/{share}/match   403  403      403    403   403   403   403      403
"""
"""Whoever has a dash does not make the call: it would change what the others ask for."""
SHARE = {"examIds": ["{exam}"], "nickname": "n", "password": "long enough", "expiresAt": "2099-12-31"}
BODIES = {
    "POST /packages": {"examIds": ["{exam}"], "format": "zip", "phiAcknowledged": True},
    "PUT /packages/{package}/notification": {"email": "x@example.org"},
    "POST /packages/{package}/downloads": {},
    "POST /shares": SHARE | {"phiAcknowledged": True},
    "PATCH /shares/{share}": {"includeReport": True},
    "POST /staff/visits/{visit}/icodes": {},
    "DELETE /staff/icodes/{share}": {"reason": "lost"},
    "POST /staff/unmatched-studies/{share}/match": {"examId": "{exam}", "note": "n"},
}
BODIES |= {
    f"POST /staff/{call}": {"verifiedBy": "photo-id", "note": "n"}
    for call in (
        "accounts/{share}/unlock", "accounts/{share}/freeze", "accounts/{share}/unfreeze",
        "accounts/{share}/second-factor-reset", "patients/{patient}/invitations",
        "patients/{patient}/contacts-confirmation",
    )
}  # fmt: skip
INNER = {
    "GET /identifiers/exams/{exam}": {"system": 200, "system without scopes": 403},
    "POST /hl7v2": {"system without scopes": 403},
    "POST /dicomweb/studies": {"system without scopes": 403},
}
"""What other systems alone may ask of exams, on the inner network."""
ALONE = ("/exams", "/packages", "/shares", "/downloads")
"""Nothing below these may be left out of the table."""
ADDRESS_IS_THE_SECRET = {"GET /downloads/{}"}


def cases():
    """Give ``(call, who, status)`` for all of the table."""
    found = []
    for line in TABLE.strip().splitlines()[2:]:
        method, path, *statuses = line.split()
        found += [(f"{method} {path}", who, 401) for who in OPENS_NOTHING]
        for group, status in zip(COLUMNS, statuses, strict=True):
            found += [(f"{method} {path}", who, int(status)) for who in group if status != "-"]
    return found


def filled(value, ids):
    if isinstance(value, dict):
        return {name: filled(one, ids) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    return value.format(**ids) if isinstance(value, str) else value


def ask(base, call, token, ids, body):
    method, path = filled(call, ids).split(" ")
    return Client(base, token).ask(method, path, filled(body, ids))


def shape_of(path):
    """Give *path* with ``{}`` for each id."""
    parts = path.partition("?")[0].split("/")
    return "/".join("{}" + part.partition("}")[2] if part.startswith("{") else part for part in parts)


def service_of(call):
    """Give the service that answers *call*."""
    shape = shape_of(call.split(" ")[1])
    (service,) = {route.to for route in ROUTES if shape_of(route.path) == shape}
    return {"gateway": "exams"}.get(service, service)


def differing(world, base_of, chosen):
    """Give the calls whose answer is not as the table says."""

    def wrong(case):
        call, who, status = case
        answer = ask(base_of(call), call, world.tokens[who], world.ids, BODIES.get(call))
        return None if answer.status == status else f"{call} by {who}: {answer.status}, not {status}"

    with ThreadPoolExecutor(12) as pool:
        return [one for one in pool.map(wrong, chosen) if one]


def test_every_call_answers_each_caller_as_the_table_says_S11_S58_S67(world):
    assert differing(world, lambda _call: world.facts.api, cases()) == []


def test_a_services_own_port_answers_no_one_more_than_the_gateway(world):
    inner = [case for case in cases() if not case[0].endswith("/progress")]
    assert differing(world, lambda call: world.facts.services[service_of(call)], inner) == []


def test_what_is_anothers_answers_as_what_does_not_exist(world):
    nothing = dict.fromkeys(world.ids, "f" * 32)
    hidden = [case for case in cases() if case[2] == 404]

    def pair(case):
        call, who, _ = case
        told = [ask(world.facts.api, call, world.tokens[who], ids, BODIES.get(call)) for ids in (world.ids, nothing)]
        return call, who, [(one.status, one.body) for one in told]

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(pair, hidden))
    own_exam = [case for case in found if case[1] in SHARES and "/exams/" in case[0]]  # theirs, without its report
    assert [case for case in found if case not in own_exam and case[2][0] != case[2][1]] == []


def test_nobody_elses_list_names_what_is_annas_S11_S67(world):
    for call, who in product(("GET /exams", "GET /packages", "GET /shares"), OTHERS):
        answer = ask(world.facts.api, call, world.tokens[who], world.ids, None)
        assert not [name for name, one in world.ids.items() if one in answer.body.decode()], (call, who)


def test_a_recipients_lists_hold_the_shared_exam_alone_without_its_report_S59(world):
    for who in SHARES:
        client = Client(world.facts.api, world.tokens[who])
        (row,) = client.get("/exams").json["exams"]
        assert (row["id"], row["report"]) == (world.ids["exam"], {"status": "none"})
        assert world.ids["package"] not in client.get("/packages").body.decode()


@pytest.mark.parametrize("call", INNER)
def test_what_other_systems_ask_is_open_to_their_scope_alone(world, call):
    expected = dict.fromkeys(OPENS_NOTHING, 401) | dict.fromkeys([*OTHERS, *SHARES, *STAFF, "own code"], 403)
    expected |= INNER[call]
    body = None if call.startswith("GET") else {}
    found = {
        who: ask(world.facts.services["exams"], call, world.tokens[who], world.ids, body).status for who in expected
    }
    assert found == expected
    assert ask(world.facts.api, call, world.tokens["system"], world.ids, body).status in {404, 405}


def test_no_call_about_a_patients_things_is_left_out_of_the_table():
    specs = {name: _spec(name) for name in SERVICES}
    answered = {
        f"{method} {shape_of(route.path)}"
        for route in ROUTES
        for method in route.methods
        if route.path.startswith(ALONE) and _find(specs, route.to, route.path, method.lower())
    }
    asked = {shape_of(call) for call, _, _ in cases()}
    assert answered - asked == ADDRESS_IS_THE_SECRET
