"""Write the answer to an HL7 v2 message: an ACK (HL7 v2.5.1 §2.9), naming segment and field of what was wrong."""

from datetime import UTC, datetime

from services.exams.hl7_segments import Hl7Refused, Message, NoMessage, Segment, read_message

_END = "\r"


def ack(message: bytes | str | Message, *, at: datetime, control_id: str, refusal: Hl7Refused | None = None) -> str:
    """Give the ACK to *message*: AA, or AE or AR by *refusal*. *control_id* is the answer's own, *at* its time.

    Raises NoMessage when there is no MSH to answer to.
    """
    msh = _header(message)
    code = "AA" if refusal is None else ("AR" if refusal.is_reject else "AE")
    lines = [_msh(msh, at, control_id), f"MSA|{code}|{_plain(msh, 10)}"]
    if refusal is not None:
        lines.append(_err(refusal))
    return _END.join(lines) + _END


def _header(message: bytes | str | Message) -> Segment:
    if isinstance(message, Message):
        return message.segments[0]
    try:
        return read_message(message).segments[0]
    except Hl7Refused:  # an unknown character set: the header is readable all the same
        if isinstance(message, str):
            raise NoMessage from None
        return read_message(message.decode("latin-1")).segments[0]


def _msh(msh: Segment, at: datetime, control_id: str) -> str:
    """Swap sender and receiver; the event is told back, as ACK^A04^ACK."""
    sides = "|".join(_plain(msh, position) for position in (5, 6, 3, 4))
    event = msh.text(9, 2)
    kind = f"ACK^{event}^ACK" if event.isalnum() and event.isascii() and len(event) <= 3 else "ACK"
    processing = msh.text(11) if msh.text(11) in {"P", "T", "D"} else "P"
    time = at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    return rf"MSH|^~\&|{sides}|{time}||{kind}|{control_id}|{processing}|2.5.1||||||UNICODE UTF-8"


def _plain(msh: Segment, position: int) -> str:
    """Give a field of the header with nothing in it that could end a field or a line."""
    return "".join(letter for letter in msh.text(position) if letter.isprintable() and letter not in r"|^~\&")[:199]


def _err(refusal: Hl7Refused) -> str:
    place = f"{refusal.segment}^{refusal.sequence}"
    if refusal.position is not None:
        place += f"^{refusal.position}"
    return f"ERR||{place}|{refusal.code}^{refusal.condition}^HL70357|E"
