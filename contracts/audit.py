"""What every service records of who did what (164.312(b)); identity keeps the merged record."""

from typing import ClassVar, Literal

from contracts.wire import PrivateEvent


class ActRecorded(PrivateEvent):
    """One act. ``id`` is ``<service>:<position>``; position and hash chain the acts of one service."""

    NAME: ClassVar[str] = "act.recorded"
    service: str
    position: int
    actor: str
    """A holder (``account:…``), or ``service:…`` for what a service does by itself."""
    action: str
    """``noun.verb``, such as ``package.request``."""
    patient_id: str | None
    object: str | None
    """``noun:id``."""
    outcome: Literal["done", "refused"]
    slug: str | None
    from_address: str | None
    phi_acknowledged: bool | None = None
    reason: str | None = None
    """What a member of staff gave as theirs, where one is asked."""
    person: str | None = None
    """The name that a share's recipient typed; not in the chained text."""
    device: str | None = None
    """The kind of device, where no log-in tells of it; not in the chained text."""
    previous_hash: str
    hash: str
