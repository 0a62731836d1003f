"""Push notices: to the devices of the account that it is about, by a provider's webhook; nothing on a lock screen."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.archiver import PackageExpiring, PackageReady
from contracts.exams import ExamImagesAvailable, ReportReleased
from contracts.messages import About, MessageBounced, MessageSent, PushAddress
from services.chassis.settings import SettingsRefused, load
from services.notifier.settings import NotifierSettings
from services.notifier.webhook import WebhookProvider
from tests.notifier.conftest import a_contact, a_message, a_package, a_share, an_exam
from tests.notifier.providers import a_provider
from tests.servers import NOON

KEY = b"another key of twenty-four bytes"
ANNA = "account:anna"


def a_device(address="token-1", platform="ios", hours=24, language=None):
    return PushAddress(platform=platform, address=address, language=language, ends_at=NOON + timedelta(hours=hours))


def a_holder(*devices, version=1, **more):
    return a_contact("holder", ANNA, "anna@example.org", version=version, pushes=list(devices), **more)


def a_patient(*devices, version=1, **more):
    return a_contact("patient", "anna", "anna@example.org", version=version, pushes=list(devices), **more)


@pytest.fixture
def provider():
    with a_provider() as twin:
        yield twin


@pytest.fixture
def pushing(any_post, provider):
    parts = replace(any_post.service.parts, pushes=WebhookProvider(f"{provider.url}/pushes", KEY))
    any_post.service = replace(any_post.service, parts=parts)
    return any_post


def released():
    return ReportReleased(
        id="mri", version=1, at=NOON, exam_id="mri", patient_id="anna", report_version=1, released_at=NOON
    )


def test_a_report_and_images_are_told_to_the_devices_of_whoever_holds_the_record_besides_the_mail(pushing, provider):
    pushing.hear(a_patient(a_device(), a_device("token-2", "android", language="es")), an_exam(ExamImagesAvailable))
    mails = pushing.sent(released())
    assert len(mails) == 2
    said = {(one["platform"], one["to"], one["language"], one["text"].split(":")[0]) for one in provider.told}
    assert said == {
        ("ios", "token-1", "en", "RadNet Patient Portal"), ("android", "token-2", "es", "RadNet Portal del paciente"),
    }  # fmt: skip
    assert len(provider.told) == 4
    assert {one.channel for one in pushing.told(MessageSent)} == {"email", "push"}


def test_a_notice_says_what_happened_and_nothing_else(pushing, provider):
    pushing.sent(a_patient(a_device()), released())
    (told,) = provider.told
    assert told.keys() == {"id", "channel", "to", "text", "language", "platform"}
    assert told["text"] == "RadNet Patient Portal: A report is in the Patient Portal. https://portal.example/enter"


def test_a_package_is_told_to_its_holders_devices_wherever_the_mail_goes_S42(pushing, provider):
    mine = {"holder": ANNA}
    assert pushing.sent(a_holder(a_device()), a_package(PackageReady, **mine)) == []
    assert [one["text"].split(". ")[0] for one in provider.told] == [
        "RadNet Patient Portal: The images you asked for are ready"
    ]
    mails = pushing.sent(a_contact("package", "p1", "left@example.org"))
    assert [mail["To"] for mail in mails] == ["left@example.org"]
    assert len(provider.told) == 1
    pushing.sent(a_package(PackageExpiring, version=4, **mine))
    assert len(provider.told) == 2


def test_a_links_opening_is_told_to_its_owners_devices_O5(pushing, provider):
    pushing.sent(a_holder(a_device()), a_share(holder=ANNA))
    assert len(provider.told) == 1


def test_codes_and_what_protects_the_account_go_by_mail_alone(pushing, provider):
    about = About(kind="holder", id=ANNA)
    pushing.hear(a_holder(a_device()))
    pushing.sent(a_message("validation-code", facts={"code": "123456"}))
    pushing.sent(a_message("password-changed", id="m2", about=about, email=None))
    assert provider.told == []
    pushing.sent(a_message("new-login", id="m3", about=about, email=None))
    assert len(provider.told) == 1


def test_nothing_goes_to_a_device_that_was_logged_out_not_even_what_waited(pushing, provider):
    provider.answers = [503]
    pushing.sent(a_patient(a_device()), released())
    pushing.hear(a_patient(version=2))
    pushing.clock.advance(timedelta(seconds=10))
    pushing.send()
    assert len(provider.told) == 1
    pushing.sent(an_exam(ExamImagesAvailable))
    assert len(provider.told) == 1


@pytest.mark.parametrize(("hours", "notices"), [(1, 0), (2, 1)])
def test_nothing_goes_to_a_device_whose_log_in_has_ended_by_itself(pushing, provider, hours, notices):
    pushing.hear(a_patient(a_device(hours=hours)))
    pushing.clock.advance(timedelta(hours=1))
    pushing.sent(released())
    assert len(provider.told) == notices


def test_what_is_old_is_no_news_to_a_device_that_comes_later(pushing, provider):
    pushing.sent(a_contact("patient", "anna"), released())
    pushing.sent(a_patient(a_device(), version=2))
    assert provider.told == []


def test_a_template_that_is_switched_off_or_a_protected_record_is_not_told(pushing, provider):
    pushing.sent(a_patient(a_device(), wants=[]), released())
    assert provider.told == []


def test_a_device_that_the_provider_does_not_know_is_asked_no_more_until_it_is_told_again(pushing, provider):
    provider.answers = [410]
    pushing.sent(a_patient(a_device()), released())
    assert [one.channel for one in pushing.told(MessageBounced)] == ["push"]
    pushing.sent(an_exam(ExamImagesAvailable))
    assert len(provider.told) == 1
    at = NOON + timedelta(minutes=1)
    pushing.sent(a_patient(a_device(), version=2, at=at), an_exam(ExamImagesAvailable, id="ct"))
    assert len(provider.told) == 2


def test_a_browser_is_told_at_its_subscription_and_the_call_is_signed(pushing, provider):
    subscription = json.dumps({"endpoint": "https://push.example/abc", "keys": {"auth": "a", "p256dh": "b"}})
    pushing.sent(a_patient(a_device(subscription, "web")), released())
    headers, body = provider.heard[0]
    assert json.loads(json.loads(body)["to"])["endpoint"] == "https://push.example/abc"
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{signature}"


def test_without_a_provider_nothing_is_pushed_and_the_mail_goes_all_the_same(post):
    assert len(post.sent(a_patient(a_device()), released())) == 1


@pytest.mark.parametrize(
    ("url", "key"), [("http://push.example", "k" * 24), ("https://push.example", None), (None, "k" * 24)]
)
def test_a_provider_by_plain_http_or_without_a_key_is_refused_at_the_start(monkeypatch, tmp_path, url, key):
    known = {"DATABASE_URL": f"sqlite:///{tmp_path}/n.db", "KEYS_DIR": str(tmp_path), "MAIL_URL": f"file://{tmp_path}"}
    for name, value in {**known, "PUSH_URL": url, "PUSH_KEY": key}.items():
        if value is not None:
            monkeypatch.setenv(f"PORTAL_NOTIFIER_{name}", value)
    with pytest.raises(SettingsRefused):
        load(NotifierSettings)
