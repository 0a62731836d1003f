"""What the RIS tells over HL7 v2, and what it is answered."""

from base64 import b64encode
from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.exams import PatientIdentifier
from services.exams.hl7_answers import ack
from services.exams.hl7_feed import (
    Hl7Refused,
    MergeMessage,
    NoMessage,
    OrderMessage,
    ReportMessage,
    UnmergeMessage,
    VisitMessage,
    parse,
)

ZONES = {"TX-HOU-01": ZoneInfo("America/Chicago"), "NY-NYC-01": ZoneInfo("America/New_York"), None: ZoneInfo("UTC")}
MSH = r"MSH|^~\&|RIS|HOU|PORTAL|RADNET|20260302101500-0600||{}|MSG00001|P|2.5.1||||||UNICODE UTF-8"
PID = (
    "PID|1||H-4711^^^HOU&1.2.3&ISO^MR~999-99-9999^^^SSA^SS||Doe^Jane^Q^^^^L||19800229|F|||1 Main^^Houston^TX^77002^^H"
    "||713-555-0100^PRN^PH~^NET^Internet^jane@example.org||es|||||||||||||||N"
)
PV1 = "PV1|1|O|TX-HOU-01|||||1234^Grey^Meredith^^^^MD|||||||||||V-1" + "|" * 25 + "20260302100000"
ORC = "ORC|NW|P1|F1||SC"
OBR_FIELDS = {
    1: "1", 2: "P1", 3: "ACC1", 4: "71260^CT CHEST W CONTRAST^CPT", 7: "20260302103000", 16: "77^House^Greg",
    18: "ACC9", 22: "{}", 24: "CT", 25: "{}", 31: "^Cough", 32: "5&Wilson&James&&&&MD",
}  # fmt: skip
OBR = "|".join(["OBR", *(OBR_FIELDS.get(number, "") for number in range(1, 33))])


def zone_of(code):
    return ZONES[code]


def message(kind, *segments, end="\r"):
    return end.join((MSH.format(kind), *segments)) + end


def report(*lines, status="F", at="20260302120000", more=()):
    return message("ORU^R01", PID, PV1, OBR.format(at, status), *lines, *more)


def the_report(*lines, **known):
    told = parse(report(*lines, **known), zone_of)
    assert isinstance(told, ReportMessage)
    return told.reports[0]


def refusal(text):
    with pytest.raises(Hl7Refused) as caught:
        parse(text, zone_of)
    return caught.value


def test_a_visit_tells_patient_place_and_time():
    told = parse(
        message(
            "ADT^A04^ADT_A01", "EVN|A04", PID, "PD1" + "|" * 12 + "Y", PV1, "AL1|1||^Penicillin", "DG1|1||R05^Cough"
        ),
        zone_of,
    )
    assert isinstance(told, VisitMessage)
    assert (told.event, told.control_id, told.sent_at) == ("A04", "MSG00001", datetime(2026, 3, 2, 16, 15, tzinfo=UTC))
    patient = told.patient
    assert patient.identifiers == (PatientIdentifier(authority="HOU", mrn="H-4711"),)
    assert (patient.name.family, patient.name.given, patient.name.middle) == ("Doe", "Jane", "Q")
    assert (patient.birth_date, patient.sex, patient.postal_code) == (date(1980, 2, 29), "F", "77002")
    assert (patient.phones, patient.emails) == (("713-555-0100",), ("jane@example.org",))
    assert (patient.language, patient.is_deceased, patient.is_protected) == ("es", False, True)
    visit = told.visit
    assert (visit.location_code, visit.visit_number, visit.referring_physician) == (
        "TX-HOU-01",
        "V-1",
        "Meredith Grey, MD",
    )
    assert visit.starts_at == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert (visit.allergies, visit.reasons) == (("Penicillin",), ("Cough",))


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("frame", ["{}", "\x0b{}\x1c\r"])
def test_line_ends_and_mllp_frames_are_all_read_alike(end, frame):
    text = frame.format(message("ADT^A08", PID, PV1, end=end))
    assert parse(text.encode(), zone_of) == parse(message("ADT^A08", PID, PV1), zone_of)


def test_a_time_without_an_offset_is_local_at_the_location_in_summer_and_winter():
    winter = parse(message("ADT^A08", PID, PV1), zone_of)
    summer = parse(message("ADT^A08", PID, PV1.replace("20260302100000", "20260702100000")), zone_of)
    assert (winter.visit.starts_at.hour, summer.visit.starts_at.hour) == (16, 15)


def test_a_change_without_a_visit_number_changes_the_patient_alone():
    assert parse(message("ADT^A08", PID), zone_of).visit is None


@pytest.mark.parametrize(
    ("declared", "codec"), [("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"), ("", "utf-8"), ("8859/2", "iso8859-2")]
)
def test_names_are_read_in_the_character_set_of_the_header(declared, codec):
    text = message("ADT^A08", PID.replace("Doe", "Müller")).replace("UNICODE UTF-8", declared)
    assert parse(text.encode(codec), zone_of).patient.name.family == "Müller"


def test_an_unknown_character_set_is_refused():
    text = message("ADT^A08", PID).replace("UNICODE UTF-8", "KLINGON")
    assert (refusal(text.encode()).segment, refusal(text.encode()).position) == ("MSH", 18)
    assert "ERR||MSH^1^18|103^" in ack(
        text.encode(), at=datetime.now(UTC), control_id="1", refusal=refusal(text.encode())
    )


def test_a_merge_and_its_undoing_name_both_records():
    merged = parse(message("ADT^A40^ADT_A39", PID, "MRG|OLD-1^^^HOU"), zone_of)
    undone = parse(message("ADT^A37", PID, PV1, PID.replace("H-4711", "OLD-1")), zone_of)
    assert isinstance(merged, MergeMessage)
    assert isinstance(undone, UnmergeMessage)
    assert merged.from_identifiers == undone.from_identifiers == (PatientIdentifier(authority="HOU", mrn="OLD-1"),)


def test_an_order_tells_accession_procedure_and_study():
    told = parse(message("ORM^O01", PID, PV1, ORC, OBR.format("", ""), "ZDS|1.2.3^PACS^Application^DICOM"), zone_of)
    assert isinstance(told, OrderMessage)
    order = told.orders[0]
    assert (order.accession, order.procedure_code, order.procedure_text) == ("ACC1", "71260", "CT CHEST W CONTRAST")
    assert (order.modality, order.reason, order.study_uid) == ("CT", "Cough", "1.2.3")
    assert (order.control, order.status, order.ordering_physician) == ("NW", "scheduled", "Greg House")
    assert order.starts_at == datetime(2026, 3, 2, 16, 30, tzinfo=UTC)


def test_the_accession_is_obr_18_where_obr_3_is_empty():
    order = parse(message("ORM^O01", PID, PV1, ORC, OBR.format("", "").replace("ACC1", "")), zone_of).orders[0]
    assert order.accession == "ACC9"


@pytest.mark.parametrize(
    ("orc", "status"),
    [
        ("ORC|SC|||| CM", "completed"),
        ("ORC|SC||||IP", "in-progress"),
        ("ORC|CA||||SC", "cancelled"),
        ("ORC|XO", None),
    ],
)
def test_the_order_status_follows_orc_5_and_a_cancelled_order_is_cancelled(orc, status):
    assert parse(message("ORM^O01", PID, PV1, orc, OBR.format("", "")), zone_of).orders[0].status == status


def test_several_orders_in_one_message_are_several_exams():
    second = OBR.format("", "").replace("ACC1", "ACC2")
    told = parse(message("ORM^O01", PID, PV1, ORC, OBR.format("", ""), ORC, second), zone_of)
    assert [order.accession for order in told.orders] == ["ACC1", "ACC2"]


def test_a_signed_report_has_text_signing_time_and_interpreter():
    told = the_report(
        r"OBX|1|TX|&GDT||FINDINGS: 3 \T\ 4 mm~Clear \S\ dry.||||||F", "OBX|2|FT|&GDT||||||||F",
        r"OBX|3|FT|&GDT||IMPRESSION:\.br\Normal & unchanged||||||F", more=("ZRP|20260302121500",),
    )  # fmt: skip
    assert told.status == "final"
    assert told.status_at == datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    assert told.referrer_sent_at == datetime(2026, 3, 2, 18, 15, tzinfo=UTC)
    assert told.interpreter == "James Wilson, MD"
    assert told.text == "FINDINGS: 3 & 4 mm\nClear ^ dry.\n\nIMPRESSION:\nNormal & unchanged"


@pytest.mark.parametrize(
    ("code", "line", "status"),
    [
        ("F", "F", "final"), ("P", "P", "preliminary"), ("P", "F", "preliminary"), ("R", "F", "preliminary"),
        ("A", "S", "preliminary"), ("C", "F", "corrected"), ("F", "C", "corrected"), ("F", "U", "final"),
        ("F", "W", "withdrawn"), ("X", "F", "withdrawn"), ("F", "D", "withdrawn"), ("F", "X", "cancelled"),
        ("F", "P", "preliminary"), ("", "F", "final"), ("", "R", "preliminary"),
    ],
)  # fmt: skip
def test_a_report_is_final_only_when_report_and_lines_both_say_so_S4(code, line, status):
    assert the_report(f"OBX|1|TX|&GDT||Words||||||{line}", status=code).status == status


def test_a_change_of_status_alone_keeps_the_text_that_was_sent():
    assert the_report("OBX|1|TX|&GDT||||||||U").text is None


def test_a_pdf_is_read_out_of_base64_that_was_broken_into_lines():
    pdf = b"%PDF-1.7 " + bytes(range(256)) * 4
    encoded = b64encode(pdf).decode()
    broken = "\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
    assert the_report(f"OBX|1|ED|PDF||^application^pdf^Base64^{broken}||||||F").pdf == pdf


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (message("ADT^A04", PID), ("100", "PV1", None)),
        (message("ADT^A04", PV1), ("100", "PID", None)),
        (message("ADT^A04", PID, PV1.replace("V-1", "")), ("101", "PV1", 19)),
        (message("ADT^A04", PID, PV1.replace("TX-HOU-01", "XX-XX-99")), ("103", "PV1", 3)),
        (message("ADT^A08", "PID|1||^^^HOU||Doe^J"), ("101", "PID", 3)),
        (message("ADT^A08", PID.replace("19800229", "19810229")), ("102", "PID", 7)),
        (message("ADT^A08", PID).replace("MSG00001", ""), ("101", "MSH", 10)),
        (message("ADT^A08", PID).replace("20260302101500-0600", "soon"), ("102", "MSH", 7)),
        (message("ADT^A40", PID), ("100", "MRG", None)),
        (message("ORM^O01", PID, PV1), ("100", "ORC", None)),
        (message("ORM^O01", PID, PV1, ORC.replace("NW", "ZZ"), OBR.format("", "")), ("103", "ORC", 1)),
        (message("ORM^O01", PID, PV1, ORC, "OBR|1"), ("101", "OBR", 3)),
        (report("OBX|1|TX|a||b||||||F", at=""), ("101", "OBR", 22)),
        (report("OBX|1|TX|a||b||||||F", at="20260302"), ("102", "OBR", 22)),
        (report("OBX|1|ED|a||^a^pdf^Base64^@@@||||||F"), ("102", "OBX", 5)),
    ],
)
def test_what_is_missing_or_malformed_is_named_by_segment_and_field(text, place):
    found = refusal(text)
    assert (found.code, found.segment, found.position) == place
    answer = ack(text, at=datetime(2026, 3, 2, tzinfo=UTC), control_id="A1", refusal=found)
    assert "\rMSA|AE|" in answer
    assert f"|{found.code}^{found.condition}^HL70357|E" in answer
    for value in ("4711", "Doe", "XX-XX-99", "19810229", "@@@", "soon"):
        assert value not in answer


@pytest.mark.parametrize("kind", ["ADT^A31^ADT_A05", "MDM^T02", "ORU^R03", ""])
def test_a_message_that_is_not_carried_is_rejected(kind):
    found = refusal(message(kind, PID))
    assert "\rMSA|AR|MSG00001\r" in ack(message(kind, PID), at=datetime.now(UTC), control_id="A1", refusal=found)


def test_an_accepted_message_is_acknowledged_to_its_sender():
    answer = ack(message("ADT^A04", PID, PV1), at=datetime(2026, 3, 2, 17, 0, tzinfo=UTC), control_id="A1")
    assert answer == (
        "MSH|^~\\&|PORTAL|RADNET|RIS|HOU|20260302170000+0000||ACK^A04^ACK|A1|P|2.5.1||||||UNICODE UTF-8\r"
        "MSA|AA|MSG00001\r"
    )


@pytest.mark.parametrize("text", [b"", b"PID|1", b"MSH", "MSH|^~\\&", b"\x00\xff" * 40, "{}"])
def test_bytes_without_a_message_header_are_no_message(text):
    with pytest.raises((NoMessage, Hl7Refused)):
        parse(text, zone_of)


WHOLE = [
    message("ADT^A04", PID, PV1),
    message("ORM^O01", PID, PV1, ORC, OBR.format("", "")),
    report(r"OBX|1|TX|a||x\.sp3\y\X41\||||||F", "OBX|2|ED|a||^a^pdf^Base64^QUJD||||||F", more=("ZRP|20260302121500",)),
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_a_damaged_message_is_read_or_refused_and_nothing_else(text, data):
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 6))
    damage = data.draw(st.text(alphabet='|^~\\&\r\n\x0b"XF.9ZA\u00e9', max_size=6))
    damaged = text[:at] + damage + text[at + cut :]
    with suppress(NoMessage, Hl7Refused):
        parse(damaged.encode(), zone_of)
