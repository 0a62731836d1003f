"""What whoever has not come in sees: mistakes, the steps of a registration, ways back in."""

import secrets
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.cast import Cast
from tests.browser.newcomers import choose_user_id, tell_about_oneself
from tests.browser.states import State, at, opened, sent


def wrong_password(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Try to open the share with another password."""
    page.goto("about:blank")
    page.goto(cast.share_url)
    page.locator("input[name=password]").fill("not the password")
    page.locator("input[name=password]").press("Enter")
    expect(page.locator(".error")).to_be_visible()


def step_1_of_a_minor(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Be refused as somebody of ten years."""
    tell_about_oneself(page, cast.facts.portal_url, year=str(datetime.now(UTC).year - 10))
    expect(page.locator("main [role=alert]")).to_be_visible()


def step_2(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the questions, as somebody whom nobody knows."""
    tell_about_oneself(page, cast.facts.portal_url)
    page.wait_for_url("**/register/2")


def step_2_wrong(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Answer them."""
    step_2(page, cast, has)
    for question in page.locator("main fieldset").all():
        question.locator("input[type=radio]").first.check()
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".summary")).to_be_visible()


def step_3(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the User ID by an invitation."""
    tell_about_oneself(page, cast.facts.portal_url, invitation=cast.invite())
    page.wait_for_url("**/register/3")


def step_4(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the validation code."""
    step_3(page, cast, has)
    choose_user_id(page)


def new_password(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to where the new password is chosen."""
    page.goto(f"{cast.facts.portal_url}/password-reset")
    page.locator("main form input[name=who]").fill(f"nobody.{secrets.token_hex(4)}")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/password-reset/code")


def second_step(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the second step of a log-in."""
    cast.give_password(page, cast.careful)
    page.wait_for_url("**/enter/second-factor")
    page.locator("main details summary").first.click()


STATES = (
    State("an I-Code that opens nothing", "nobody", sent(at("/enter"), {"#icode": "ZZZZZ-0000-0000"}, "#icode")),
    State("a wrong password", "nobody", sent(at("/enter"), {"#uid": "nobody.here", "#pw": "not it"}, "#pw")),
    State("a share's wrong password", "nobody", wrong_password),
    State("a wrong password of staff", "nobody", sent(at("/staff"), {"#uid": "nobody.here", "#pw": "not it"})),
    State("Get Help with nothing filled in", "nobody", sent(at("/get-help"), among="#hn")),
    State("step 1 of a registration with nothing filled in", "nobody", sent(at("/register/1"))),
    State("step 1 of a minor's registration", "nobody", step_1_of_a_minor),
    State("step 2 of a registration", "nobody", step_2),
    State("step 2 with nothing chosen", "nobody", sent(step_2)),
    State("step 2 with wrong answers", "nobody", step_2_wrong),
    State("step 3 of a registration", "nobody", step_3),
    State("step 3 with nothing filled in", "nobody", sent(step_3)),
    State("step 4 of a registration", "nobody", step_4),
    State("step 4 without the code", "nobody", sent(step_4)),
    State("a forgotten password of nobody", "nobody", sent(at("/password-reset"))),
    State("a new password", "nobody", new_password),
    State("a new password without the code", "nobody", sent(new_password)),
    State("a User ID reminder with no address", "nobody", sent(at("/user-id-reminder"))),
    State("a second step", "nobody", second_step),
    State("a second step without a code", "nobody", sent(second_step)),
    State("a guest with nothing filled in", "nobody", sent(at("/guest-appointment"), among="#g-phone")),
    State("no such page", "nobody", at("/nothing-here")),
    State("the pop-up", "nobody", opened(at("/r/new-york"), "[data-dialog=connect]", "#connect")),
)
