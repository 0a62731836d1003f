"""The notifier's HTTP door: what an account is mailed about can be switched off and on again."""

from typing import Any, cast

from apiflask import APIBlueprint
from flask import current_app
from pydantic import Field

from contracts.messages import Template
from services.chassis.caller import Caller
from services.chassis.web import Answer, Ask, Forbidden, caller
from services.notifier.parts import Parts
from services.notifier.usecases import switches, unsubscribing

bp = APIBlueprint("messages", __name__)


class SwitchBody(Ask):
    """``PATCH /me/messages``: the templates that are not wanted; all others are."""

    unwanted: list[Template] = Field(max_length=32)


class WantedBody(Ask):
    """``PUT /unsubscriptions/{token}``."""

    is_wanted: bool = False


class SwitchAnswer(Answer):
    """A template that can be switched off, and whether it is sent."""

    template: Template
    is_wanted: bool


class SwitchesAnswer(Answer):
    """All that can be switched off."""

    messages: list[SwitchAnswer]
    is_address_refused: bool
    """Whether a server said for good that nobody reads the account's address: these messages rest meanwhile."""


def parts() -> Parts:
    """Give the service's parts."""
    return cast("Parts", current_app.extensions["parts"])


def account() -> Caller:
    """Give the account that makes this request. Raises Unauthenticated, Forbidden."""
    who = caller()
    if who.kind != "account":
        raise Forbidden
    return who


@bp.get("/me/messages")
@bp.output(SwitchesAnswer)
def find_switches() -> Any:
    """Say which mails this account gets."""
    who = account()
    with parts().db.read() as tx:
        return _answer(switches.find_unwanted(tx, who), switches.is_address_refused(tx, who))


@bp.patch("/me/messages")
@bp.input(SwitchBody, arg_name="body")
@bp.output(SwitchesAnswer)
def set_switches(body: SwitchBody) -> Any:
    """Switch mails off and on, for this account and for its patients' contacts."""
    who = account()
    with parts().db.begin() as tx:
        unwanted = switches.set_unwanted(tx, who, body.unwanted, parts().clock.now())
        return _answer(unwanted, switches.is_address_refused(tx, who))


@bp.get("/unsubscriptions/<token>")
@bp.output(SwitchAnswer)
def find_unsubscription(token: str) -> Any:
    """Say which kind of message the address in a letter is about; whoever has the letter needs no token but that."""
    with parts().db.read() as tx:
        template, is_wanted = unsubscribing.find(tx, parts().unsubscribe_links, token)
    return SwitchAnswer(template=template, is_wanted=is_wanted)


@bp.put("/unsubscriptions/<token>")
@bp.input(WantedBody, arg_name="body")
@bp.output(SwitchAnswer)
def set_unsubscription(token: str, body: WantedBody) -> Any:
    """Switch that kind of message off, or on again."""
    with parts().db.begin() as tx:
        now, links = parts().clock.now(), parts().unsubscribe_links
        template, is_wanted = unsubscribing.set_wanted(tx, links, token, body.is_wanted, now)
    return SwitchAnswer(template=template, is_wanted=is_wanted)


def _answer(unwanted: set[Template], is_address_refused: bool) -> SwitchesAnswer:
    return SwitchesAnswer(
        messages=[SwitchAnswer(template=one, is_wanted=one not in unwanted) for one in switches.find_switchable()],
        is_address_refused=is_address_refused,
    )
