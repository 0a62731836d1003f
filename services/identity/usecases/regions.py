"""Regions and their locations."""

from services.chassis.locations import Location, Locations, Region
from services.identity.domain.regions import RegionNotFound


def find_regions(locations: Locations) -> tuple[Region, ...]:
    """Give the regions in the order of the file."""
    return locations.regions


def find_locations(locations: Locations, region_id: str) -> list[Location]:
    """Give the sites of a region. Raises RegionNotFound."""
    if region_id not in {region.id for region in locations.regions}:
        raise RegionNotFound
    return locations.of_region(region_id)
