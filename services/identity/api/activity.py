"""Who did and opened what, in plain words, for an account's owner."""

from datetime import datetime

from apiflask import APIBlueprint
from pydantic import Field

from services.chassis.devices import device_in
from services.chassis.web import Answer, Ask, answer_language
from services.identity.api.activity_words import act_text, who_text
from services.identity.api.doors import account_holder, parts
from services.identity.usecases import activity

bp = APIBlueprint("activity", __name__)


class ActivityAsk(Ask):
    """Which page."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, pattern=r"^[a-z]{1,32}\.[0-9]{1,18}$")


class ActivityAnswer(Answer):
    """An act; *who* and *text* in the language asked for, the address shortened."""

    at: datetime
    who: str
    action: str
    text: str
    device: str | None
    address: str | None
    exam_id: str | None


class ActivitiesAnswer(Answer):
    """Acts, newest first."""

    activities: list[ActivityAnswer]
    next: str | None
    """The cursor of the next page; null on the last."""


@bp.get("/me/activity")
@bp.input(ActivityAsk, location="query", arg_name="ask")
@bp.output(ActivitiesAnswer)
def find(ask: ActivityAsk) -> ActivitiesAnswer:
    """List who did and opened what."""
    who = account_holder()
    with parts().db.read() as tx:
        found, following = activity.find_activity(tx, who, ask.cursor, ask.limit)
    return ActivitiesAnswer(activities=[activity_answer(one) for one in found], next=following)


def activity_answer(one: activity.Activity) -> ActivityAnswer:
    """Give an act in the words of the language asked for."""
    language = answer_language()
    return ActivityAnswer(
        at=one.at,
        who=one.person or who_text(one.who, language),
        action=one.action,
        text=act_text(one.action, language, is_refused=one.is_refused),
        device=device_in(language, one.device) if one.device else None,
        address=one.address,
        exam_id=one.exam_id,
    )
