"""What letters were signed with stays right: addresses that were mailed years ago go on being ours."""

from services.notifier.bounce_addresses import BounceAddresses
from services.notifier.letter_signatures import LetterSigner
from services.notifier.unsubscribe_links import UnsubscribeLinks

KEY = b"k" * 32
MAIL = "0123456789abcdef" * 2
TOKEN = f"{MAIL}.b0f67e1fceffb48d645cf0b09e373bba"
RETURNS_TO = "bounces+aerukz4jvpg66ajdivtytk6n54frlzxzuoln5xes6nc4tppn@portal.example"


def test_the_addresses_of_letters_are_those_that_were_mailed_before():
    links, bounces = UnsubscribeLinks(KEY, "https://portal.example"), BounceAddresses(KEY, "bounces@portal.example")
    assert (links.token(MAIL), bounces.of(MAIL)) == (TOKEN, RETURNS_TO)
    assert (links.mail_of(TOKEN), bounces.find_mail(RETURNS_TO.upper().encode())) == (MAIL, MAIL)


def test_what_is_signed_for_one_purpose_or_in_part_is_not_right_for_another():
    ours, other = LetterSigner(KEY, "unsubscribe", 16), LetterSigner(KEY, "bounce", 16)
    signature = ours.sign(b"mail")
    assert ours.is_ours(b"mail", signature)
    for wrong in (other.sign(b"mail"), ours.sign(b"other"), signature[:8], b"", signature + b"x"):
        assert not ours.is_ours(b"mail", wrong)
