"""The exam list as people see it: exams' own list with each exam's packages from the archiver.

Without the archiver it is the list without packages (design/architecture.md, the main job, 2).
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from gateway.edge.upstream import Answer, Upstream, UpstreamDown

PACKAGES = 200
"""The holder's newest packages, the most that the archiver lists at once; open ones are a day old at most."""
SHOWN = ("id", "format", "state", "progress", "readyAt", "expiresAt", "lastDownloadedAt", "newerImages")
"""What the list says of a package; the rest is at the package itself."""


def ask_exams(upstream: Upstream, headers: Mapping[str, str], query: str) -> Answer:
    """Give exams' list with packages, or its refusal as it is. Raises UpstreamDown when exams itself is down."""
    answer = upstream.ask("exams", "GET", f"/exams{query and '?'}{query}", headers)
    if not answer.is_ok or not isinstance(answer.body, dict):
        return answer
    packages = _packages_by_exam(upstream, headers)
    exams = [_with_packages(exam, packages) for exam in answer.body.get("exams", [])]
    return Answer(answer.status, answer.headers, {**answer.body, "exams": exams})


def ask_exam(upstream: Upstream, headers: Mapping[str, str], exam_path: str) -> Answer:
    """Give one exam with its packages, or exams' refusal. Raises UpstreamDown when exams itself is down."""
    answer = upstream.ask("exams", "GET", exam_path, headers)
    if not answer.is_ok or not isinstance(answer.body, dict):
        return answer
    return Answer(answer.status, answer.headers, _with_packages(answer.body, _packages_by_exam(upstream, headers)))


def _packages_by_exam(upstream: Upstream, headers: Mapping[str, str]) -> dict[str, list[dict[str, Any]]] | None:
    """Give packages by exam id; None when the archiver does not tell."""
    try:
        answer = upstream.ask("archiver", "GET", f"/packages?limit={PACKAGES}", headers)
    except UpstreamDown:
        return None
    if not answer.is_ok or not isinstance(answer.body, dict):
        return None
    by_exam: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for package in answer.body.get("packages", []):
        for exam_id in package.get("examIds", []):
            by_exam[exam_id].append({name: package[name] for name in SHOWN if name in package})
    return by_exam


def _with_packages(exam: dict[str, Any], packages: Mapping[str, list[dict[str, Any]]] | None) -> dict[str, Any]:
    return exam if packages is None else {**exam, "packages": packages.get(str(exam.get("id")), [])}
