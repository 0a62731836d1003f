"""The public face in Flask: the routes table as views, and the few calls the gateway answers itself."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from flask import Blueprint, Response, g, request, stream_with_context

from contracts.access import Issuer
from gateway.edge import composing, headers, issuers
from gateway.edge.context import caller_headers, client_address, edge
from gateway.edge.problems import problem, service_down
from gateway.edge.routes import BASE, ROUTES, Route, Service
from gateway.edge.upstream import BUSY_RETRY_S, Answer, UpstreamDown, pour, segment_of

VERSION = "1.0.0"
MINIMUM_CLIENT = "1.0.0"
OPENAPI_FILE = Path(__file__).resolve().parents[2] / "contracts" / "openapi.yaml"
SMALL_BODY_BYTES = 64 * 1024

blueprint = Blueprint("edge", __name__)
View = Callable[..., Response]


def path_of(route: Route, segments: dict[str, Any]) -> str:
    """Give the service's path with its query; each segment is quoted, so none can climb out of its place."""
    path = route.path.format(**{name: segment_of(str(value)) for name, value in segments.items()})
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path


def forward(service: Service, path: str, body: bytes | None = None) -> Response:
    """Pass this request on and its answer back, both as streams; *body* replaces one that was already read."""
    sent = headers.inward(request.headers.items(), g.request_id, client_address())
    stream = _body_stream(sent) if body is None else body
    try:
        answer = edge().upstream.open(service, request.method, path, sent, stream)
    except UpstreamDown:
        return service_down(BUSY_RETRY_S)
    response = Response(pour(answer), answer.status, headers.outward(answer.headers, BASE), direct_passthrough=True)
    response.call_on_close(answer.close)
    return response


def _body_stream(sent: dict[str, str]) -> Any:
    """Give the request's body to be streamed, and say its length in *sent* where it is known."""
    if request.content_length:
        sent["Content-Length"] = str(request.content_length)
        return request.stream
    return _chunks() if "chunked" in request.headers.get("Transfer-Encoding", "") else None


def _chunks() -> Iterator[bytes]:
    while chunk := request.stream.read(SMALL_BODY_BYTES):
        yield chunk


def _forwarder(route: Route, service: Service) -> View:
    def view(**segments: Any) -> Response:
        return forward(service, path_of(route, segments))

    return view


def _to_issuer(route: Route) -> View:
    def view(**segments: Any) -> Response:
        body = request.get_data(cache=False) if request.method != "GET" else None
        issuer = _issuer(body)
        if issuer is None:
            return problem(401, "token-refused", "This token opens nothing.")
        return forward(issuer, path_of(route, segments), body or None)

    return view


def _issuer(body: bytes | None) -> Issuer | None:
    """Give whose session this request is about: by the refresh token in the body, else by the access token."""
    try:
        sent = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        sent = {}
    refresh = sent.get("refreshToken") if isinstance(sent, dict) else None
    if isinstance(refresh, str):
        return issuers.issuer_of_refresh(refresh)
    bearer = issuers.bearer_of(request.headers.get("Authorization"))
    return issuers.issuer_of_access(bearer) if bearer else None


def _own_headers() -> dict[str, str]:
    return headers.inward(request.headers.items(), g.request_id, client_address())


def _answered(answer: Answer) -> Response:
    body = json.dumps(answer.body) if answer.body is not None else answer.raw
    kind = "application/json" if answer.is_ok else "application/problem+json"
    response = Response(body, answer.status, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    for name in ("Retry-After", "WWW-Authenticate"):
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    return response


def exams(route: Route, **segments: Any) -> Response:
    """Answer the list, composed of exams' and archiver's answers."""
    query = request.query_string.decode("latin-1")
    try:
        return _answered(composing.ask_exams(edge().upstream, _own_headers(), query))
    except UpstreamDown:
        return service_down(BUSY_RETRY_S)


def exam(route: Route, **segments: Any) -> Response:
    """Answer one exam with its packages."""
    try:
        return _answered(composing.ask_exam(edge().upstream, _own_headers(), path_of(route, segments)))
    except UpstreamDown:
        return service_down(BUSY_RETRY_S)


def progress(route: Route, **segments: Any) -> Response:
    """Answer a package's progress as server-sent events, or say to poll."""
    board, bearer = edge().progress, issuers.bearer_of(request.headers.get("Authorization"))
    sent, package_id = caller_headers(bearer), segments["id"]
    try:
        first = board.ask(package_id, bearer or "", sent)
    except UpstreamDown:
        return service_down(BUSY_RETRY_S)
    if not first.is_ok:
        return _answered(first)
    if not board.take_place():
        return problem(503, "too-many-streams", "Too many are watching; ask for the package itself.", BUSY_RETRY_S)
    events = board.events(package_id, bearer or "", sent, request.headers.get("Last-Event-ID"))
    answer = Response(stream_with_context(events), content_type="text/event-stream; charset=utf-8")
    answer.call_on_close(board.leave_place)
    answer.headers.update({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    return answer


def service(route: Route, **segments: Any) -> Response:
    """Answer which version speaks."""
    return Response(
        json.dumps({"version": VERSION, "minimumClient": MINIMUM_CLIENT}),
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )


def openapi(route: Route, **segments: Any) -> Response:
    """Answer the description of this face; 404 while there is none beside the contracts."""
    if not OPENAPI_FILE.is_file():
        return problem(404, "not-found", "No description is installed.")
    described = yaml.safe_load(OPENAPI_FILE.read_text("utf-8"))
    return Response(
        json.dumps(described, default=str), content_type="application/json", headers={"Cache-Control": "no-cache"}
    )


OWN: dict[str, View] = {
    "/exams": exams,
    "/exams/{id}": exam,
    "/packages/{id}/progress": progress,
    "/service": service,
    "/openapi.json": openapi,
}


def _own(route: Route) -> View:
    answer = OWN[route.path]
    return lambda **segments: answer(route, **segments)


def _view(route: Route) -> View:
    if route.to == "gateway":
        return _own(route)
    return _to_issuer(route) if route.to == "issuer" else _forwarder(route, route.to)


for _route in ROUTES:
    blueprint.add_url_rule(
        _route.rule,
        f"{'-'.join(_route.methods)} {_route.path}".replace(".", "_"),
        _view(_route),
        methods=_route.methods,
    )


@blueprint.get("/.well-known/jwks.json")
def jwks() -> Response:
    """Answer the issuers' public keys."""
    keys = edge().signing_keys.jwks(headers.told(g.request_id, client_address()), time.monotonic())
    return Response(
        json.dumps(keys), content_type="application/jwk-set+json", headers={"Cache-Control": "public, max-age=60"}
    )
