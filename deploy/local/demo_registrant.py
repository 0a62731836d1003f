"""The demo's person who has no account yet and can open one in the portal: what they type, and what they know."""

from dataclasses import dataclass
from datetime import datetime

from deploy.local.demo_feed import REFERRER
from deploy.local.demo_story import DemoExam, hours_before, story
from deploy.local.places import ROOT
from services.chassis.locations import Location, load_locations

EXAM = "texas"
KIND = "X-ray"


@dataclass(frozen=True)
class Registrant:
    """Somebody of the story, with the exam that the identity questions are about."""

    exam: DemoExam
    site: Location
    month: str
    """Of the exam, as the English question names it: ``March 2026``."""

    def as_json(self) -> dict[str, object]:
        """Give step 1 as ``POST /registrations`` takes it, and how the right answers of step 2 begin, by question."""
        person = self.exam.patient
        answers = {"location": self.site.name, "month": self.month, "kind": KIND, "physician": " ".join(REFERRER)}
        return {
            "firstName": person.given,
            "lastName": person.family,
            "dateOfBirth": person.born.isoformat(),
            "sex": person.sex,
            "zip": person.zip,
            "phone": person.phone,
            "locationId": self.site.id,
            "answers": answers,
        }

    def lines(self) -> list[str]:
        """Give what the greeting says of them."""
        person = self.exam.patient
        return [
            f"Can register      {person.given} {person.family}, born {person.born:%m/%d/%Y}, {person.sex}, "
            f"ZIP {person.zip}, phone {person.phone}: {KIND}, {self.month},",
            f"                  at {self.site.name}, sent by {' '.join(REFERRER)}; the code comes by mail",
        ]


def registrant(first_start: datetime) -> Registrant:
    """Give who they are in the story that was loaded at *first_start* (UTC)."""
    exam = next(one for one in story(first_start) if one.key == EXAM)
    site = load_locations(ROOT / "deploy" / "locations.yaml")[exam.location]
    day = hours_before(first_start, exam.hours_ago).astimezone(site.zone)
    return Registrant(exam, site, f"{day:%B %Y}")
