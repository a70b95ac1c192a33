"""What the server answers to a browser that looks at Faces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshpeek.http.exchange import Request, Response
from meshpeek.rehearsal.installations.faces.site import Site
from meshpeek.rehearsal.types.keys import SERVICES
from tests.rehearsal.installations.faces.faces_world import FacesWorld


@pytest.fixture(scope="module")
def world() -> FacesWorld:
    return FacesWorld()


@pytest.fixture
def site(world: FacesWorld) -> Site:
    return Site(world.clusters.values())


def get(site: Site, path: str, method: str = "GET", **headers: str) -> Response:
    return site.handle(Request(method, path, {}, headers))


def json_of(response: Response) -> Any:
    assert response.content_type == "application/json"
    return json.loads(response.body)


@pytest.mark.parametrize(
    ("path", "content_type", "part"),
    [
        ("/", "text/html; charset=utf-8", b"<h1>Faces</h1>"),
        ("/faces.js", "text/javascript; charset=utf-8", b"class Cell"),
        ("/faces.css", "text/css; charset=utf-8", b".cell"),
    ],
)
def test_the_page(site: Site, path: str, content_type: str, part: bytes) -> None:
    response = get(site, path)
    assert (response.code, response.content_type) == (200, content_type)
    assert part in response.body
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_the_page_asks_nobody_else_for_anything(site: Site) -> None:
    for path in ("/", "/faces.js", "/panel.js", "/server.js", "/colors.js", "/faces.css"):
        body = get(site, path).body
        assert body
        assert b"//" not in body.replace(b"// ", b"")


@pytest.mark.parametrize(
    "path", ["/..", "/../site.py", "//etc/passwd", "/index.htm", "/cell/", "/page/index.html"]
)
def test_what_is_not_there(site: Site, path: str) -> None:
    assert get(site, path).code == 404


def test_an_address_without_its_last_slash(site: Site) -> None:
    response = get(site, "")
    assert (response.code, response.headers["Location"]) == (308, "faces/")


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_other_methods(site: Site, method: str) -> None:
    assert get(site, "/cell", method).code == 405


def test_a_cell(site: Site) -> None:
    hop = json_of(get(site, "/cell"))
    assert (hop["service"], hop["status"], hop["cluster"]) == ("face", 200, "north")
    assert hop["body"] == {"color": "green", "smiley": "😃"}
    color, smiley = hop["calls"]
    assert (color["service"], color["cluster"]) == ("color", "north")
    assert (smiley["route"], smiley["backend"]) == ("smiley-router", "smiley-east")
    assert hop["milliseconds"] >= color["milliseconds"] + smiley["milliseconds"]


def test_the_routes(site: Site) -> None:
    state = json_of(get(site, "/routes"))
    assert (state["home"], state["clusters"]) == ("north", ["north", "east", "west"])
    smiley = next(each for each in state["services"] if each["name"] == "smiley")
    assert (smiley["route"], smiley["requestTimeout"]) == ("smiley-router", 5000)


def test_a_fault_of_ours_is_told_and_ends_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(site, "_cells", None)
    assert get(site, "/cell").code == 500
    assert "AttributeError" in capsys.readouterr().err
    assert get(site, "/").code == 200


def test_clusters_without_faces() -> None:
    world = FacesWorld()
    world.delete("north", SERVICES, "face")
    site = Site(world.clusters.values())
    assert json_of(get(site, "/routes")) | {"clusters": []} == {
        "clusters": [],
        "home": None,
        "services": [],
    }
    assert json_of(get(site, "/cell"))["status"] == 503
