"""Coming in by an I-Code, through the doors."""

from contracts.tokens import ICodeGrants


def test_a_code_opens_the_exams_of_its_visit_without_an_account_S10(any_house):
    issued = any_house.issue()
    came_in = any_house.enter(issued["icode"])
    assert came_in["viewer"]["kind"] == "icode"
    assert came_in["viewer"]["visits"] == [{"id": "visit-1", "date": "2026-03-02", "locationId": "TX-HOU-01"}]
    assert came_in["refreshToken"].startswith("ri_")
    assert came_in["expiresIn"] == 300
    claims = any_house.claims(came_in["accessToken"])
    assert claims.grants == ICodeGrants(visit="visit-1", exams=None, adult_at=None)
    assert claims.sub.startswith("icode:")
