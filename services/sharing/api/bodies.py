"""Bodies of requests and answers (design/api.md, "Shares")."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.messages import MailAddress, PhoneNumber
from services.chassis.web import Answer, Ask
from services.sharing.domain.shares import Permissions, Share, ShareAsk, ShareChange
from services.sharing.share_links import ShareLinks

Expiry = Annotated[AwareDatetime | date, Field(union_mode="left_to_right")]
"""An instant, or a day (``2099-12-31``) at whose end at the site the share ends."""
ExamId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Text = Annotated[str, Field(max_length=1000)]
"""Bounds what is looked at; the domain says what is taken."""


class ShareBody(Ask):
    """``POST /shares``."""

    exam_ids: list[ExamId] = Field(min_length=1, max_length=500)
    nickname: Text
    password: Text = Field(repr=False)
    expires_at: Expiry
    may_download: bool = True
    include_report: bool = False
    include_visit_summary: bool = False
    phi_acknowledged: bool = False
    notify_email: MailAddress | None = None
    notify_phone: PhoneNumber | None = None

    def to_ask(self, language: Literal["en", "es"] | None) -> ShareAsk:
        """Give what the domain calls it."""
        return ShareAsk(
            exam_ids=tuple(self.exam_ids),
            nickname=self.nickname,
            password=self.password,
            expires_at=self.expires_at,
            permissions=Permissions(self.may_download, self.include_report, self.include_visit_summary),
            phi_acknowledged=self.phi_acknowledged,
            email=self.notify_email,
            phone=self.notify_phone,
            language=language,
        )


class ShareChangeBody(Ask):
    """``PATCH /shares/{id}``: only what is to change."""

    nickname: Text | None = None
    password: Text | None = Field(default=None, repr=False)
    expires_at: Expiry | None = None
    may_download: bool | None = None
    include_report: bool | None = None
    include_visit_summary: bool | None = None

    def to_change(self) -> ShareChange:
        """Give what the domain calls it."""
        return ShareChange(
            nickname=self.nickname,
            password=self.password,
            expires_at=self.expires_at,
            may_download=self.may_download,
            include_report=self.include_report,
            include_visit_summary=self.include_visit_summary,
        )


class PageAsk(Ask):
    """Which part of a list."""

    limit: int = Field(default=100, ge=1, le=200)
    cursor: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{1,64}$")


class PermissionsAnswer(Answer):
    """What a recipient may do."""

    may_download: bool
    include_report: bool
    include_visit_summary: bool


class ShareAnswer(Answer):
    """A share; never its password."""

    id: str
    url: str
    nickname: str
    state: Literal["active", "locked", "expired", "ended"]
    made_by: Literal["account", "icode"]
    exam_ids: list[str]
    permissions: PermissionsAnswer
    created_at: datetime
    expires_at: datetime
    opens: int
    last_opened_at: datetime | None
    locked_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class SharesAnswer(Answer):
    """A page of shares."""

    shares: list[ShareAnswer]
    next: str | None


class AccessAnswer(Answer):
    """One opening."""

    at: datetime
    name: str | None
    device: str
    address: str | None


class AccessesAnswer(Answer):
    """Openings, newest first."""

    accesses: list[AccessAnswer]


class OpenBody(Ask):
    """``POST /share-sessions``."""

    token: str = Field(max_length=512, repr=False)
    password: Text = Field(repr=False)
    name: Text | None = None


class RefreshBody(Ask):
    """``POST /sessions/refresh``."""

    refresh_token: str = Field(max_length=512, repr=False)


class SharedAnswer(Answer):
    """What a recipient is told of the share."""

    expires_at: datetime
    may_download: bool
    include_report: bool
    include_visit_summary: bool
    shared_by: None = None
    """Nobody's name: the link alone does not tell whose exams they are."""


class ViewerAnswer(Answer):
    """Who a recipient is."""

    kind: Literal["share"] = "share"
    name: None = None
    language: None = None
    exams: int
    share: SharedAnswer


class TokensAnswer(Answer):
    """A session's tokens."""

    access_token: str
    refresh_token: str
    expires_in: int
    viewer: ViewerAnswer


class SigningKeysAnswer(Answer):
    """Public keys as JWKs."""

    keys: list[dict[str, str]]


def share_answer(share: Share, links: ShareLinks, now: datetime) -> ShareAnswer:
    """Give *share* as its owner sees it."""
    return ShareAnswer(
        id=share.id,
        url=links.url(share.id, share.generation),
        nickname=share.nickname,
        state=share.state(now),
        made_by="icode" if share.holder.startswith("icode:") else "account",
        exam_ids=list(share.exam_ids),
        permissions=PermissionsAnswer(**vars(share.permissions)),
        created_at=share.created_at,
        expires_at=share.expires_at,
        opens=share.opens,
        last_opened_at=share.last_opened_at,
        locked_at=share.locked_at,
        ended_at=share.ended_at,
        end_reason=share.end_reason,
    )


def viewer_answer(share: Share) -> ViewerAnswer:
    """Give who a recipient of *share* is."""
    return ViewerAnswer(
        exams=len(share.exam_ids), share=SharedAnswer(expires_at=share.expires_at, **vars(share.permissions))
    )
