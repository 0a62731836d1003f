"""Who asks: a verified token's holder, session and grants; a required argument of whatever shows anything."""

from dataclasses import dataclass

from contracts.tokens import AccountGrants, Grants, ICodeGrants, Kind, ShareGrants, StaffGrants, StaffRole, SystemGrants


@dataclass(frozen=True)
class Caller:
    """An account, I-Code, share, member of staff or system that proved itself."""

    kind: Kind
    holder: str
    """What its access hangs on: ``account:…``, ``icode:…``, ``share:…``, ``staff:…``, ``system:…``."""
    session: str
    version: int
    """The holder's version when the token was minted."""
    grants: Grants
    address: str | None = None
    """Network address, for the audit alone."""
    kid: str | None = None
    """The key that signed the token; whatever outlives the token ends with the key (None: there was no token)."""

    @property
    def may_download(self) -> bool:
        """Whether packages may be asked for at all; a share says so itself (S52)."""
        return self.grants.may_download if isinstance(self.grants, ShareGrants) else self.is_viewer

    @property
    def may_see_reports(self) -> bool:
        """Whether released reports may be shown; a share says so itself."""
        return self.grants.include_report if isinstance(self.grants, ShareGrants) else self.is_viewer

    @property
    def may_see_visit_summary(self) -> bool:
        """Whether visit summaries may be shown; a share says so itself."""
        return self.grants.include_visit_summary if isinstance(self.grants, ShareGrants) else self.is_viewer

    @property
    def is_viewer(self) -> bool:
        """Whether it is somebody who looks at exams: an account, an I-Code, a share."""
        return isinstance(self.grants, AccountGrants | ICodeGrants | ShareGrants)

    def has_role(self, *roles: StaffRole) -> bool:
        """Whether a member of staff has one of *roles*."""
        return isinstance(self.grants, StaffGrants) and bool(set(roles) & set(self.grants.roles))

    def has_scope(self, scope: str) -> bool:
        """Whether a system may do *scope*."""
        return isinstance(self.grants, SystemGrants) and scope in self.grants.scopes
