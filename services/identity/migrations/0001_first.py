"""The first tables of identity."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime
from services.chassis.migrate import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "account",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(100), nullable=False),
        sa.Column("user_id_folded", sa.String(100), unique=True, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("language", sa.String(20), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contact_version", sa.Integer(), nullable=False),
    )
    op.create_index("ix_account_email", "account", ["email"])
    op.create_table(
        "audit_entry",
        sa.Column("service", sa.String(32), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("patient_id", sa.String(64), nullable=True),
        sa.Column("object", sa.String(128), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("from_address", sa.String(64), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor"])
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    op.create_index("ix_audit_entry_patient_id", "audit_entry", ["patient_id"])
    op.create_table(
        "exam",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("patient_id", sa.String(64), nullable=False),
        sa.Column("visit_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
    )
    op.create_index("ix_exam_patient_id", "exam", ["patient_id"])
    op.create_index("ix_exam_visit_id", "exam", ["visit_id"])
    op.create_table(
        "guest_appointment",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("first_name", sa.String(100), nullable=False),
        sa.Column("last_name", sa.String(100), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("guardian", sa.String(200), nullable=True),
        sa.Column("phone", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("location_id", sa.String(32), nullable=False),
        sa.Column("exam_wanted", sa.String(500), nullable=False),
        sa.Column("preferred_times", sa.String(500), nullable=True),
        sa.Column("language", sa.String(2), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_guest_appointment_made_at", "guest_appointment", ["made_at"])
    op.create_table(
        "help_request",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(254), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("language", sa.String(2), nullable=True),
        sa.Column("icode_id", sa.String(64), nullable=True),
        sa.Column("tries_subject", sa.String(96), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(64), nullable=True),
        sa.Column("verified_by", sa.String(32), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("ix_help_request_made_at", "help_request", ["made_at"])
    op.create_index("ix_help_request_state", "help_request", ["state", "made_at"])
    op.create_table(
        "holder",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "icode_holder",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("visit_id", sa.String(64), nullable=False),
        sa.Column("exam_ids", sa.JSON(none_as_null=True), nullable=True),
    )
    op.create_index("ix_icode_holder_visit_id", "icode_holder", ["visit_id"])
    op.create_table(
        "patient",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("joined_version", sa.Integer(), nullable=False),
        sa.Column("contact_version", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.String(64), nullable=True),
        sa.Column("family_name", sa.String(200), nullable=False),
        sa.Column("family_name_folded", sa.String(200), nullable=False),
        sa.Column("given_name", sa.String(200), nullable=False),
        sa.Column("middle_name", sa.String(200), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("postal_code", sa.String(20), nullable=True),
        sa.Column("phones", sa.JSON(), nullable=False),
        sa.Column("emails", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(20), nullable=True),
        sa.Column("is_deceased", sa.Boolean(), nullable=False),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_patient_birth_date", "patient", ["birth_date"])
    op.create_index("ix_patient_family_name_folded", "patient", ["family_name_folded"])
    op.create_index("ix_patient_merged_into", "patient", ["merged_into"])
    op.create_table(
        "staff",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(100), nullable=False),
        sa.Column("user_id_folded", sa.String(100), unique=True, nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("locations", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )
    op.create_table(
        "system",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )
    op.create_table(
        "tries",
        sa.Column("subject", sa.String(96), primary_key=True),
        sa.Column("in_row", sa.Integer(), nullable=False),
        sa.Column("in_day", sa.Integer(), nullable=False),
        sa.Column("day_began_at", UtcDateTime(), nullable=True),
        sa.Column("wait_until", UtcDateTime(), nullable=True),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_tries_touched_at", "tries", ["touched_at"])
    op.create_table(
        "visit",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("patient_id", sa.String(64), nullable=False),
        sa.Column("location_id", sa.String(32), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("local_date", sa.Date(), nullable=True),
    )
    op.create_index("ix_visit_day", "visit", ["local_date", "location_id"])
    op.create_index("ix_visit_patient_id", "visit", ["patient_id"])
    op.create_table(
        "visit_details",
        sa.Column("visit_id", sa.String(64), primary_key=True),
        sa.Column("visit_number", sa.String(100), nullable=False),
        sa.Column("referring_physician", sa.String(200), nullable=True),
        sa.Column("language", sa.String(20), nullable=True),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_visit_details_visit_number", "visit_details", ["visit_number"])
    op.create_table(
        "visit_exam",
        sa.Column("visit_id", sa.String(64), primary_key=True),
        sa.Column("exam_id", sa.String(64), primary_key=True),
        sa.Column("accession", sa.String(64), nullable=False),
        sa.Column("procedure", sa.String(300), nullable=False),
    )
    op.create_index("ix_visit_exam_accession", "visit_exam", ["accession"])
    op.create_table(
        "account_patient",
        sa.Column("account_id", sa.String(64), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("patient_id", sa.String(64), primary_key=True),
        sa.Column("by", sa.String(80), primary_key=True),
    )
    op.create_index("ix_account_patient_patient_id", "account_patient", ["patient_id"])
    op.create_table(
        "icode",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(64), sa.ForeignKey("icode_holder.id"), nullable=False),
        sa.Column("locator", sa.String(8), unique=True, nullable=False),
        sa.Column("secret_hash", sa.String(200), nullable=False),
        sa.Column("issued_by", sa.String(64), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_reason", sa.String(64), nullable=True),
        sa.Column("expiry_told_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("ix_icode_expiry", "icode", ["expiry_told_at", "expires_at"])
    op.create_index("ix_icode_holder", "icode", ["holder"])
    op.create_table(
        "patient_identifier",
        sa.Column("authority", sa.String(100), primary_key=True),
        sa.Column("mrn", sa.String(100), primary_key=True),
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patient.id"), primary_key=True),
    )
    op.create_index("ix_patient_identifier_patient_id", "patient_identifier", ["patient_id"])
    op.create_table(
        "portal_pass",
        sa.Column("icode_id", sa.String(64), sa.ForeignKey("icode.id"), primary_key=True),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_portal_pass_made_at", "portal_pass", ["made_at"])
