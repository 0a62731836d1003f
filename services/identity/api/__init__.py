"""identity's HTTP doors, by noun."""

from services.identity.api.activity import bp as activity
from services.identity.api.audit import bp as audit
from services.identity.api.challenges import bp as challenges
from services.identity.api.closing import bp as closing
from services.identity.api.devices import bp as devices
from services.identity.api.export import bp as export
from services.identity.api.guest_appointments import bp as guest_appointments
from services.identity.api.help_requests import bp as help_requests
from services.identity.api.icodes import bp as icodes
from services.identity.api.invitations import bp as invitations
from services.identity.api.own_credentials import bp as own_credentials
from services.identity.api.own_records import bp as own_records
from services.identity.api.password_resets import bp as password_resets
from services.identity.api.patients import bp as patients
from services.identity.api.portal_passes import bp as portal_passes
from services.identity.api.preferences import bp as preferences
from services.identity.api.pushes import bp as pushes
from services.identity.api.regions import bp as regions
from services.identity.api.registrations import bp as registrations
from services.identity.api.second_factors import bp as second_factors
from services.identity.api.sessions import bp as sessions
from services.identity.api.staff import bp as staff
from services.identity.api.staff_accounts import bp as staff_accounts
from services.identity.api.staff_contacts import bp as staff_contacts

BLUEPRINTS = (
    regions,
    icodes,
    sessions,
    patients,
    staff,
    portal_passes,
    help_requests,
    guest_appointments,
    invitations,
    staff_accounts,
    staff_contacts,
    audit,
    registrations,
    challenges,
    second_factors,
    devices,
    password_resets,
    own_credentials,
    preferences,
    own_records,
    closing,
    activity,
    export,
    pushes,
)
