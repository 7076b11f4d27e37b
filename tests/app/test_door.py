"""The door over HTTP: routes, headers, health and metrics of a running server."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import streamlit as st
from starlette.routing import Mount

import app as door
from pages.shared import scripts


def shape_file(server: Any) -> str:
    """Return the address of a prepared shape file of the served place."""
    folder = next((server.home / "places").glob("grid-*/shapes"))
    file = next(folder.glob("sq-*.json"))
    return f"/shapes/{folder.parent.name}/{file.name}"


def test_health_says_that_the_place_is_ready(server: Any) -> None:
    status, headers, body = server.get("/health")
    told = json.loads(body)
    assert status == 200
    assert headers["cache-control"] == "no-store"
    assert told["status"] == "ok"
    assert told["place"] == "grid"
    assert told["place_ready"] is True


def test_metrics_are_prometheus_text_and_count_answers(server: Any) -> None:
    def answers() -> float:
        text = server.get("/metrics")[2].decode()
        found = re.search(r'^commonground_responses_total\{part="health",status="200"\} (\S+)$',
                          text, re.MULTILINE)  # fmt: skip
        return float(found[1]) if found else 0.0

    before = answers()
    server.get("/health")
    assert answers() == before + 1
    status, headers, body = server.get("/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in body.decode().splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[^{}]*\})? [-+.e0-9]+", line), line
    assert "commonground_place_ready 1" in body.decode()


def test_addresses_made_up_by_visitors_do_not_become_counters(server: Any) -> None:
    server.get("/made-up-part/x")
    assert b"made-up-part" not in server.get("/metrics")[2]


def test_the_name_of_the_first_page_leads_to_it_with_all_that_was_asked(server: Any) -> None:
    for asked, found in (("/start", "/"), ("/start?v=1&place=a%0d%0ab", "/?v=1&place=a%0d%0ab")):
        status, headers, _ = server.get(asked)
        assert (status, headers["location"]) == (308, found)


def test_shapes_may_be_kept_for_ever_and_hold_no_figures(server: Any) -> None:
    status, headers, body = server.get(shape_file(server))
    assert status == 200
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"].startswith("application/json")
    features = json.loads(body)["features"]
    assert [feature["properties"]["code"] for feature in features] == [
        f"a{number:02d}" for number in range(16)
    ]
    assert {key for feature in features for key in feature["properties"]} == {"i", "code", "name"}


@pytest.mark.parametrize(
    "path",
    [
        "/shapes/grid/nothing-0123456789ab.json",
        "/shapes/unknown/sq-0123456789ab.json",
        "/shapes/{place}/shapes.json",
        "/shapes/{place}/../shapes/{name}",
        "/shapes/{place}/..%2f..%2f..%2fserver.log",
        "/shapes/{place}/%2e%2e/%2e%2e/server.log",
        "/shapes/..%2f..%2f/server-0123456789ab.json",
        "/shapes/%2e%2e/{name}",
        "/shapes/{place}/{name}%00",
        "/shapes/{place}/{name}.bak",
        "/shapes/{place}//{name}",
        "/shapes/{place}",
    ],
)
def test_no_path_leads_out_of_the_prepared_shapes(server: Any, path: str) -> None:
    _, _, place, name = shape_file(server).split("/")
    status, _, body = server.get(path.format(place=place, name=name))
    # Streamlit answers unknown pages with its own front page; what counts is that no file leaves.
    assert status in (301, 400, 404) or b"<!DOCTYPE html>" in body
    assert b"FeatureCollection" not in body
    assert b"You can now view" not in body


def test_a_link_planted_among_the_shapes_is_not_followed(server: Any) -> None:
    _, _, place, _ = shape_file(server).split("/")
    planted = server.home / "places" / place / "shapes" / "planted-0123456789ab.json"
    secret = server.home / "secret.json"
    secret.write_text('"secret"')
    planted.symlink_to(secret)
    try:
        status, _, body = server.get(f"/shapes/{place}/{planted.name}")
    finally:
        planted.unlink()
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize(
    "path",
    ["/", "/map", "/health", "/metrics", "/shapes/x/y", "/local/js/live_map.js", "/nowhere"],
)
def test_every_answer_carries_the_security_headers(server: Any, path: str) -> None:
    headers = server.get(path)[1]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'self'" in policy


def test_the_policy_names_no_outside_host_and_allows_no_inline_script() -> None:
    policy = door.content_security_policy()
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    sources = {source for value in directives.values() for source in value.split()}
    hashes = {source for source in sources if source.startswith("'sha256-")}
    assert sources - hashes <= {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:"}
    assert "unsafe" not in directives["script-src"]
    assert "data:" not in directives["script-src"]
    assert len(hashes) == 2  # what Streamlit starts with, and where its server is


def test_scripts_are_kept_for_ever_only_under_an_address_with_their_hash(server: Any) -> None:
    plain = server.get("/local/js/live_map.js")
    named = server.get(scripts.address("live_map.js"))
    assert plain[2] == named[2] == (scripts.JS / "live_map.js").read_bytes()
    assert plain[1]["cache-control"] == "no-cache"
    assert "immutable" in named[1]["cache-control"]


def test_pages_announce_what_they_need_and_each_can_be_fetched(server: Any) -> None:
    """The style sheet everywhere, that of areas; where there is a map, its scripts and theirs."""
    for path, count in {"/": 1, "/account": 2, "/map": 9, "/budget": 9, "/area": 10}.items():
        announced = re.findall(r"<([^>]+)>; rel=(\w+)", server.get(path)[1]["link"])
        assert len(announced) == count
        for address, _ in announced:
            status, headers, body = server.get(address)
            assert status == 200
            assert "immutable" in headers["cache-control"]
            assert len(body) > 1000
    assert "link" not in server.get("/health")[1]


def test_leaflet_comes_from_its_package(server: Any) -> None:
    status, _, body = server.get("/local/leaflet/leaflet.js")
    assert status == 200
    assert f"Leaflet {scripts.LEAFLET_VERSION}".encode() in body[:300]


def test_only_scripts_are_reachable_under_local(server: Any) -> None:
    for path in ("/local/js/../cache.py", "/local/js/..%2fcache.py", "/local/js/%2e%2e/cache.py"):
        assert b"import streamlit" not in server.get(path)[2]
    mounted = [route for route in door.app._user_routes if isinstance(route, Mount)]
    assert {route.path for route in mounted} == {"/local/leaflet", "/local/js"}
    assert {file.suffix for file in scripts.JS.iterdir()} == {".js", ".css", ".html"}


def test_the_settings_keep_the_server_to_itself() -> None:
    from streamlit import config

    assert isinstance(door.app, st.App)
    wanted = {
        "server.address": "127.0.0.1",
        "server.enableXsrfProtection": True,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "global.minCachedMessageSize": 10**9,  # no message is sent by its name (decision 0013)
        "runner.fastReruns": False,  # one run of a visitor at a time (decision 0014)
    }
    assert {key: config.get_option(key) for key in wanted} == wanted
    assert config.get_option("server.maxUploadSize") <= 20
