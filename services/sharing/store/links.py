"""Tries at links, counted so that parallel tries cannot slip through."""

from datetime import datetime

from sqlalchemy import delete, select

from services.chassis.db import Tx, insert_new
from services.sharing.store.tables import LinkRow, ShareRow


def lock_link(tx: Tx, link_hash: str, now: datetime) -> LinkRow:
    """Give the tries at a link, made if need be and locked until the end of *tx*."""
    values = {"link_hash": link_hash, "tries": 0, "next_try_at": None, "tried_at": now}
    insert_new(tx, LinkRow, values, ["link_hash"])
    query = select(LinkRow).filter_by(link_hash=link_hash).with_for_update()
    return tx.scalars(query.execution_options(populate_existing=True)).one()


def delete_link(tx: Tx, link_hash: str) -> None:
    """Forget the tries at a link: a new password begins anew."""
    tx.execute(delete(LinkRow).where(LinkRow.link_hash == link_hash))


def delete_unknown(tx: Tx, tried_before: datetime) -> None:
    """Forget links that no share has and that nobody tried since *tried_before*."""
    shares = select(ShareRow.link_hash)
    tx.execute(delete(LinkRow).where(LinkRow.tried_at < tried_before, LinkRow.link_hash.not_in(shares)))
