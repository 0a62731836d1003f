"""The group's sites and regions: reference data that identity and exams each read once, at start.

A location's id is the code that the RIS sends; its state decides when reports are released (S8), its time zone what a
day is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from services.chassis.wording import Language


@dataclass(frozen=True)
class Region:
    """A part of the country with a portal page of its own."""

    id: str
    name: str
    spanish: str
    """Its name in Spanish."""

    def name_in(self, language: Language) -> str:
        """Give its name in *language*."""
        return self.spanish if language == "es" else self.name


@dataclass(frozen=True)
class Location:
    """A site where exams are made."""

    id: str
    name: str
    state: str
    """Two letters."""
    time_zone: str
    """IANA name."""
    address: str
    phone: str
    region: str
    """The region's id."""

    @property
    def zone(self) -> ZoneInfo:
        """Give the site's time zone."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True)
class Locations:
    """All sites, by id, in the order of the file."""

    regions: tuple[Region, ...]
    by_id: dict[str, Location]

    def __iter__(self) -> Iterator[Location]:
        return iter(self.by_id.values())

    def __getitem__(self, location_id: str) -> Location:
        """Give a site. Raises KeyError."""
        return self.by_id[location_id]

    def __contains__(self, location_id: object) -> bool:
        return location_id in self.by_id

    def of_region(self, region_id: str) -> list[Location]:
        """Give the sites of a region, none for an unknown one."""
        return [location for location in self if location.region == region_id]

    def westernmost(self, now: datetime) -> ZoneInfo:
        """Give the zone whose clocks are furthest behind: a local time read in it is never too early."""
        return min((location.zone for location in self), key=lambda zone: now.astimezone(zone).utcoffset() or 0)


def load_locations(path: Path) -> Locations:
    """Read the file of sites. Raises ValueError, naming the entry, for a malformed one; OSError without the file."""
    content = yaml.safe_load(path.read_text("utf-8"))
    regions = tuple(_region(one) for one in content["regions"])
    locations = [_location(one, {region.id for region in regions}) for one in content["locations"]]
    by_id = {location.id: location for location in locations}
    if len(by_id) < len(locations):
        raise ValueError("two locations have one id")
    return Locations(regions, by_id)


def _region(entry: dict[str, Any]) -> Region:
    name = str(entry["name"])
    return Region(str(entry["id"]), name, str(entry.get("es", name)))


def _location(entry: dict[str, Any], regions: set[str]) -> Location:
    names = ("id", "name", "state", "timeZone", "address", "phone", "region")
    missing = [name for name in names if not entry.get(name)]
    if missing:
        raise ValueError(f"location {entry.get('id', '?')} lacks {', '.join(missing)}")
    location = Location(*(str(entry[name]) for name in names))
    if location.region not in regions or len(location.state) != 2:
        raise ValueError(f"location {location.id} has an unknown region or state")
    _ = location.zone  # an unknown time zone shows at start, not in a patient's list
    return location
