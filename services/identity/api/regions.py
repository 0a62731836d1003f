"""Regions and locations: reference data, open to all."""

from apiflask import APIBlueprint

from services.chassis.web import Answer, answer_language
from services.identity.api.doors import parts
from services.identity.usecases.regions import find_locations, find_regions

bp = APIBlueprint("regions", __name__)


class RegionAnswer(Answer):
    """A region."""

    id: str
    name: str


class RegionsAnswer(Answer):
    """All regions, in the order of the file."""

    regions: list[RegionAnswer]


class LocationAnswer(Answer):
    """A site."""

    id: str
    name: str
    state: str
    time_zone: str
    address: str
    phone: str


class LocationsAnswer(Answer):
    """The sites of a region."""

    locations: list[LocationAnswer]


@bp.get("/regions")
@bp.output(RegionsAnswer)
def regions() -> RegionsAnswer:
    """List the regions."""
    language, found = answer_language(), find_regions(parts().locations)
    return RegionsAnswer(regions=[RegionAnswer(id=one.id, name=one.name_in(language)) for one in found])


@bp.get("/regions/<region_id>/locations")
@bp.output(LocationsAnswer)
def locations(region_id: str) -> LocationsAnswer:
    """List the sites of a region."""
    found = find_locations(parts().locations, region_id)
    return LocationsAnswer(
        locations=[
            LocationAnswer(
                id=one.id,
                name=one.name,
                state=one.state,
                time_zone=one.time_zone,
                address=one.address,
                phone=one.phone,
            )
            for one in found
        ]
    )
