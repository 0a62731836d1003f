"""What an account's owner chooses: language and theme."""

from typing import Literal

from apiflask import APIBlueprint

from services.chassis.web import Answer, Ask
from services.identity.api.doors import account_holder, parts
from services.identity.domain.preferences import Theme
from services.identity.usecases import preferences

bp = APIBlueprint("preferences", __name__)


class PreferencesAsk(Ask):
    """What to change; null leaves it as it is."""

    language: Literal["en", "es"] | None = None
    theme: Theme | None = None


class PreferencesAnswer(Answer):
    """What is chosen; *language* null: never said."""

    language: Literal["en", "es"] | None
    theme: Theme


@bp.patch("/me/preferences")
@bp.input(PreferencesAsk, arg_name="ask")
@bp.output(PreferencesAnswer)
def change(ask: PreferencesAsk) -> PreferencesAnswer:
    """Choose the language of portal and mails, and the theme."""
    who = account_holder()
    with parts().db.begin() as tx:
        chosen = preferences.choose(tx, who, preferences.Preferences(ask.language, ask.theme), parts().clock.now())
    return PreferencesAnswer(**vars(chosen))
