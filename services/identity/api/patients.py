"""What a caller is told of themselves."""

from apiflask import APIBlueprint

from services.chassis.web import Answer, caller
from services.identity.api.doors import parts
from services.identity.domain.preferences import Theme
from services.identity.usecases.me import find_me

bp = APIBlueprint("patients", __name__)


class MeAnswer(Answer):
    """Who the caller is; null what its kind has not (a member of staff's *locations*: all)."""

    kind: str
    name: str
    language: str | None
    exams: int
    user_id: str | None
    roles: list[str] | None
    locations: list[str] | None
    theme: Theme | None
    email: str | None
    """Masked."""
    may_open_account: bool | None
    """For an I-Code: whether its patient may open one; minors may not."""


@bp.get("/me")
@bp.output(MeAnswer)
def me() -> MeAnswer:
    """Say who the caller is."""
    who = caller()
    with parts().db.read() as tx:
        return MeAnswer(**vars(find_me(tx, who, parts().clock.now())))
