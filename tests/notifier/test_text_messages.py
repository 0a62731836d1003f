"""Text messages: to the number left with a share, by a provider's webhook, signed, every attempt kept."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from contracts.messages import MessageBounced, MessageSent
from contracts.sharing import ShareLocked
from deploy.local.servers import ADDRESS, free_ports
from services.chassis.settings import SettingsRefused, load
from services.notifier.settings import NotifierSettings
from services.notifier.store.tables import AttemptRow
from services.notifier.webhook import ProviderDown, ShortMessage, WebhookProvider
from tests.notifier.conftest import a_contact, a_package, a_share
from tests.notifier.providers import a_provider
from tests.servers import NOON

KEY = b"a key of twenty-four bytes"
WITH_PHONE = a_contact("share", "s1", "anna@example.org", phone="+1 713 555 0000")
ONLY_PHONE = a_contact("share", "s1", phone="+1 713 555 0000", language="es")


@pytest.fixture
def sms():
    with a_provider() as twin:
        yield twin


@pytest.fixture
def texting(post, sms):
    parts = replace(post.service.parts, texts=WebhookProvider(f"{sms.url}/texts", KEY))
    post.service = replace(post.service, parts=parts)
    return post


def attempts(office):
    with office.service.db.read() as tx:
        rows = tx.scalars(select(AttemptRow).order_by(AttemptRow.number))
        return [(row.number, row.outcome, row.status) for row in rows]


def test_each_opening_is_told_by_text_message_too_where_a_number_was_left_O5(texting, sms):
    assert len(texting.sent(WITH_PHONE, a_share(), a_share(ShareLocked, version=3))) == 2
    bodies = [json.loads(body) for _, body in sms.heard]
    assert {body["to"] for body in bodies} == {"+1 713 555 0000"}
    said = "RadNet Patient Portal: A link you shared was opened. https://portal.example/enter"
    assert said in [body["text"] for body in bodies]
    assert {(one.channel, one.template) for one in texting.told(MessageSent)} >= {("sms", "share-opened")}


def test_a_number_alone_is_enough_and_the_message_is_in_its_owners_language_O5(texting, sms):
    assert texting.sent(ONLY_PHONE, a_share()) == []
    body = json.loads(sms.heard[0][1])
    assert (body["language"], body["channel"]) == ("es", "sms")
    assert body["text"].startswith("RadNet Portal del paciente: Se abrió un enlace")


def test_without_a_provider_nothing_is_texted_and_the_mail_goes_all_the_same_O5(post):
    assert len(post.sent(WITH_PHONE, a_share())) == 1


def test_nothing_else_is_texted(texting, sms):
    texting.sent(a_contact("package", "p1", "anna@example.org", phone="+1 713 555 0000"), a_package())
    assert sms.heard == []


def test_a_text_message_is_signed_so_that_the_provider_knows_it_is_ours(texting, sms):
    texting.sent(ONLY_PHONE, a_share())
    headers, body = sms.heard[0]
    signed = f"{headers['Webhook-Id']}.{int(NOON.timestamp())}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{expected}"


def test_a_provider_that_is_away_is_tried_again_under_the_same_id_and_every_attempt_is_kept(texting, sms):
    sms.answers = [503, 429, 202]
    texting.sent(ONLY_PHONE, a_share())
    for pause_s in (10, 20):
        texting.clock.advance(timedelta(seconds=pause_s))
        texting.send()
    assert len({headers["Webhook-Id"] for headers, _ in sms.heard}) == 1
    assert attempts(texting) == [(1, "pending", 503), (2, "pending", 429), (3, "sent", None)]
    texting.clock.advance(timedelta(hours=1))
    assert texting.send() == 0


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_number_that_the_provider_refuses_is_settled_and_told(texting, sms, status):
    sms.answers = [status]
    texting.sent(ONLY_PHONE, a_share())
    assert attempts(texting) == [(1, "bounced", status)]
    (told,) = texting.told(MessageBounced)
    assert "713" not in str(told)


def test_a_provider_that_cannot_be_reached_or_leads_elsewhere_is_down(sms):
    message = ShortMessage("m1", "push", "device-1", "words", "en")
    with pytest.raises(ProviderDown):
        WebhookProvider(f"http://{ADDRESS}:{free_ports(['none'])['none']}", KEY).send(message, NOON)
    sms.answers = [307]
    with pytest.raises(ProviderDown):
        WebhookProvider(sms.url, KEY).send(message, NOON)
    assert len(sms.heard) == 1


@pytest.mark.parametrize(("url", "key"), [("http://sms.example/", KEY.decode()), ("https://sms.example/", None)])
def test_a_provider_by_plain_http_or_without_a_key_is_refused_at_the_start(monkeypatch, tmp_path, url, key):
    facts = {"DATABASE_URL": "sqlite://", "KEYS_DIR": str(tmp_path), "MAIL_URL": f"file://{tmp_path}", "SMS_URL": url}
    for name, value in (facts | ({"SMS_KEY": key} if key else {})).items():
        monkeypatch.setenv(f"PORTAL_NOTIFIER_{name}", value)
    with pytest.raises(SettingsRefused):
        load(NotifierSettings)
