"""Notices and mails."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from services.chassis.db import Tx, insert_new
from services.notifier.store.tables import AttemptRow, MailRow, NoticeRow


def add_notice(tx: Tx, values: dict[str, Any]) -> bool:
    """Store a notice, unless it is known; whether it is new."""
    return insert_new(tx, NoticeRow, values, ["key"])


def wake_notices(tx: Tx, kind: str, about_id: str, now: datetime) -> None:
    """Let notices that wait for an address of this contact be looked at."""
    is_its = (NoticeRow.about_kind == kind) & (NoticeRow.about_id == about_id)
    if kind == "holder":
        is_its |= NoticeRow.holder == about_id
    waiting = update(NoticeRow).where(is_its, NoticeRow.state == "waiting").values(due_at=now)
    tx.execute(waiting)


def find_due_notices(tx: Tx, now: datetime, limit: int) -> list[NoticeRow]:
    """Give up to *limit* notices whose addresses are to be looked for, locked, oldest first."""
    query = select(NoticeRow).where(NoticeRow.state == "waiting", NoticeRow.due_at <= now)
    return list(
        tx.scalars(query.order_by(NoticeRow.due_at, NoticeRow.key).limit(limit).with_for_update(skip_locked=True))
    )


def find_overdue_notices(tx: Tx, now: datetime, limit: int) -> list[NoticeRow]:
    """Give up to *limit* notices that nobody can be told of in time, locked."""
    query = select(NoticeRow).where(NoticeRow.state == "waiting", NoticeRow.not_after <= now)
    return list(tx.scalars(query.order_by(NoticeRow.not_after).limit(limit).with_for_update(skip_locked=True)))


def get_notice(tx: Tx, key: str) -> NoticeRow:
    """Give a notice that is known."""
    return tx.get_one(NoticeRow, key)


def add_mail(tx: Tx, values: dict[str, Any]) -> None:
    """Store a mail, unless it is known."""
    insert_new(tx, MailRow, values, ["id"])


def take_due_mails(tx: Tx, now: datetime, again_at: datetime, limit: int) -> list[MailRow]:
    """Take up to *limit* mails that are due, oldest first; nobody else takes them before *again_at*."""
    query = select(MailRow).where(MailRow.state == "pending", MailRow.due_at <= now)
    taken = list(tx.scalars(query.order_by(MailRow.due_at, MailRow.id).limit(limit).with_for_update(skip_locked=True)))
    for mail in taken:
        mail.attempts += 1
        mail.due_at = again_at
    return taken


def find_newest_taken(tx: Tx, to_hash: str, since: datetime, template: str | None, limit: int) -> list[datetime]:
    """Give when the newest *limit* letters to an address were first tried, newest first, all later than *since*."""
    query = select(MailRow.taken_at).where(MailRow.to_hash == to_hash, MailRow.taken_at > since)
    if template is not None:
        query = query.join(NoticeRow, NoticeRow.key == MailRow.notice_key).where(NoticeRow.template == template)
    found = tx.scalars(query.order_by(MailRow.taken_at.desc()).limit(limit))
    return [at for at in found if at is not None]


def add_attempt(tx: Tx, mail: MailRow, at: datetime, outcome: str, status: int | None) -> None:
    """Note what came of an attempt."""
    tx.merge(AttemptRow(mail_id=mail.id, number=mail.attempts, at=at, outcome=outcome, status=status))


def find_mail(tx: Tx, mail_id: str) -> MailRow | None:
    """Give a mail by its id."""
    return tx.get(MailRow, mail_id)


def find_mail_locked(tx: Tx, mail_id: str) -> MailRow | None:
    """Give a mail by its id, locked until the end of *tx*."""
    return tx.get(MailRow, mail_id, with_for_update=True, populate_existing=True)


def lock_mail(tx: Tx, mail_id: str) -> MailRow:
    """Give a mail that is known, locked until the end of *tx*."""
    return tx.get_one(MailRow, mail_id, with_for_update=True, populate_existing=True)


def count_pending(tx: Tx, notice_key: str) -> int:
    """Count the mails of a notice that are not settled."""
    query = select(func.count()).select_from(MailRow).filter_by(notice_key=notice_key, state="pending")
    return tx.scalar(query) or 0
