"""The routes table against the public face's calls (design/api.md), each with the service that answers it."""

import pytest

from gateway.edge.routes import ROUTES

CALLS = """
GET /regions identity
GET /regions/{}/locations identity
POST /icode-sessions identity
POST /registrations identity
GET /registrations/{}/questions identity
POST /registrations/{}/answers identity
POST /registrations/{}/credentials identity
POST /registrations/{}/validation identity
POST /registrations/{}/validation-codes identity
POST /sessions identity
POST /sessions/challenges/{} identity
POST /passkey-sessions identity
POST /sessions/refresh issuer
DELETE /sessions/current issuer
DELETE /sessions identity
POST /password-resets identity
POST /password-resets/{} identity
POST /user-id-reminders identity
POST /help-requests identity
POST /guest-appointments identity
GET /exams gateway
GET /exams/{} gateway
GET /exams/{}/visit-summary exams
GET /exams/{}/report exams
GET /exams/{}/report.pdf exams
GET /exams/{}/images exams
GET /exams/{}/images/{}.jpg exams
POST /packages archiver
GET /packages archiver
GET /packages/{} archiver
DELETE /packages/{} archiver
GET /packages/{}/progress gateway
PUT /packages/{}/notification archiver
POST /packages/{}/downloads archiver
GET /downloads/{} archiver
GET /shares sharing
POST /shares sharing
GET /shares/{} sharing
PATCH /shares/{} sharing
DELETE /shares/{} sharing
GET /shares/{}/accesses sharing
POST /share-sessions sharing
GET /me issuer
PATCH /me/preferences identity
GET /me/messages notifier
PATCH /me/messages notifier
GET /me/activity identity
POST /me/icodes identity
POST /me/email identity
POST /me/email/{} identity
PUT /me/password identity
GET /me/second-factors identity
POST /me/second-factors identity
DELETE /me/second-factors/{} identity
POST /me/second-factors/{}/confirmation identity
POST /me/recovery-codes identity
GET /me/devices identity
DELETE /me/devices/{} identity
PUT /me/devices/{}/push identity
GET /me/export identity
DELETE /me identity
POST /staff/sessions identity
GET /staff/visits identity
GET /staff/visits/{}/icodes identity
POST /staff/visits/{}/icodes identity
DELETE /staff/icodes/{} identity
GET /staff/icodes/{}/portal-pass identity
GET /staff/icodes/{}/portal-pass.pdf identity
GET /staff/help-requests identity
POST /staff/help-requests/{}/grant identity
POST /staff/help-requests/{}/refusal identity
GET /staff/accounts identity
POST /staff/accounts/{}/unlock identity
POST /staff/accounts/{}/freeze identity
POST /staff/accounts/{}/unfreeze identity
POST /staff/accounts/{}/second-factor-reset identity
POST /staff/patients/{}/invitations identity
DELETE /staff/shares/{} sharing
GET /staff/guest-appointments identity
GET /staff/unmatched-studies exams
POST /staff/unmatched-studies/{}/match exams
GET /staff/audit identity
GET /service gateway
"""


def _calls():
    for line in CALLS.strip().splitlines():
        yield tuple(line.split(" "))


def _shape(path):
    return "/".join("{}" + part.partition("}")[2] if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize(("method", "path", "service"), list(_calls()))
def test_every_call_of_the_public_face_goes_to_the_service_that_answers_it(method, path, service):
    assert [route.to for route in ROUTES if _shape(route.path) == path and method in route.methods] == [service]


def test_no_call_is_in_the_table_twice():
    calls = [(method, _shape(route.path)) for route in ROUTES for method in route.methods]
    assert len(calls) == len(set(calls))


TRIED = """
POST /icode-sessions
POST /sessions
POST /sessions/challenges/{}
POST /passkey-sessions
POST /share-sessions
POST /staff/sessions
POST /registrations
POST /registrations/{}/answers
POST /registrations/{}/validation
POST /password-resets/{}
POST /me/icodes
PUT /me/password
POST /me/email
POST /me/email/{}
POST /me/second-factors
POST /me/second-factors/{}/confirmation
DELETE /me/second-factors/{}
POST /me/recovery-codes
DELETE /me
"""


def test_whatever_tries_a_code_or_password_has_the_strict_limit():
    strict = {
        f"{method} {_shape(route.path)}" for route in ROUTES if route.limit == "secret" for method in route.methods
    }
    assert set(TRIED.strip().splitlines()) <= strict
