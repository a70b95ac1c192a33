"""Where the requests of Faces end up: every rule of the data path, from the objects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshpeek.rehearsal.installations.linkerd.data_path import Backend, Route, choose_backend
from meshpeek.rehearsal.installations.linkerd.routes import POLICY_ROUTES
from meshpeek.rehearsal.installations.linkerd_multicluster.mirror import LINKS
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, ENDPOINT_SLICES, SECRETS, SERVICES
from meshpeek.rehearsal.types.objects import Object
from tests.rehearsal.installations.faces.faces_world import (
    EXPORTED,
    MANIFESTS,
    FacesWorld,
    call,
    colours,
    http_route,
    outcomes,
    smileys,
    to,
)

SMILING, HEART_EYES, CURSING = "😃", "😍", "🤬"


@pytest.fixture
def world() -> FacesWorld:
    return FacesWorld()


def test_the_workshop_begins_with_smiles_from_east_on_green_from_north(world: FacesWorld) -> None:
    hops = world.ask()
    assert {hop.status for hop in hops} == {200}
    assert {(hop.route, hop.backend, hop.cluster) for hop in hops} == {("", "face", "north")}
    assert outcomes(hops, "color") == {(200, "color", "north"): 60}
    assert outcomes(hops, "smiley") == {(200, "smiley-east", "east"): 60}
    assert {call(hop, "smiley").route for hop in hops} == {"smiley-router"}
    assert (colours(hops), smileys(hops)) == ({"green"}, {SMILING})
    assert len({call(hop, "smiley").pod for hop in hops}) == 2
    assert all(hop.seconds >= sum(each.seconds for each in hop.calls) for hop in hops)


def test_the_300_ms_timeout(world: FacesWorld) -> None:
    world.rules("smiley-router", to("smiley-east", timeouts={"request": "300ms"}))
    for hop in world.ask(200):
        smiley = call(hop, "smiley")
        if smiley.status == 504:
            assert smiley.seconds == 0.3
            assert smiley.reason == "given up after 300 ms"
            assert hop.body == {"color": "green", "smiley": "504", "errors": ["smiley: 504"]}
        else:
            assert smiley.seconds in (0, 0.1, 0.2)
            assert "errors" not in hop.body


def test_the_canary_the_move_and_the_deleted_deployment(world: FacesWorld) -> None:
    world.canary()
    shares = outcomes(world.ask(400), "color")
    assert set(shares) == {(200, "color", "north"), (200, "color2-west", "west")}
    assert 160 < shares[200, "color", "north"] < 240
    world.rules("color-canary", to("color2-west"))
    assert colours(world.ask()) == {"blue"}
    world.delete("north", DEPLOYMENTS, "color")
    assert outcomes(world.ask(), "color") == {(200, "color2-west", "west"): 60}


def test_a_deleted_deployment_without_a_route_fails_fast(world: FacesWorld) -> None:
    world.delete("north", DEPLOYMENTS, "color")
    hop = world.ask(1)[0]
    color = call(hop, "color")
    assert (color.status, color.seconds, color.cluster) == (504, 3.0, "")
    assert hop.body["color"] == "504"


def test_a_timeout_comes_before_the_failing_fast(world: FacesWorld) -> None:
    world.delete("north", DEPLOYMENTS, "color")
    world.route("color", "color", to("color", timeouts={"request": "400ms"}))
    color = call(world.ask(1)[0], "color")
    assert (color.status, color.seconds) == (504, 0.4)


def test_no_face_is_a_timeout_of_the_whole_cell(world: FacesWorld) -> None:
    world.delete("north", DEPLOYMENTS, "face")
    hop = world.ask(1)[0]
    assert (hop.status, hop.seconds, hop.calls) == (504, 3.0, ())


def test_no_faces_at_all(world: FacesWorld) -> None:
    world.delete("north", SERVICES, "face")
    assert world.ask(1)[0].status == 503
    assert world.cells().view({}) == []


def test_a_deleted_service_has_no_address(world: FacesWorld) -> None:
    world.delete("north", SERVICES, "color")
    hop = world.ask(1)[0]
    assert (call(hop, "color").status, call(hop, "color").seconds) == (500, 0.0)
    assert hop.body == {"color": "grey", "smiley": SMILING, "errors": ["color: 500"]}


def test_a_missing_backend_gets_its_share_of_500(world: FacesWorld) -> None:
    world.route("color", "color", to("color=3", "nowhere=1"))
    shares = outcomes(world.ask(400), "color")
    assert set(shares) == {(200, "color", "north"), (500, "nowhere", "")}
    assert 60 < shares[500, "nowhere", ""] < 140


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        (to("color=0"), 500),
        ({"backendRefs": [{"name": "color"}]}, 500),
        ({"backendRefs": [{"name": "color", "port": 80, "kind": "Pond", "group": "x"}]}, 500),
        (to("color", matches=[{"path": {"type": "Exact", "value": "/other"}}]), 404),
        ({}, 200),
        (to("color", timeouts={"request": "0"}), 200),
    ],
    ids=["weight 0", "no port", "no Service", "no match", "no backends", "no timeout"],
)
def test_rules_that_lead_nowhere_and_rules_that_say_nothing(
    world: FacesWorld, rule: Object, status: int
) -> None:
    world.route("color", "color", rule)
    hops = world.ask(20)
    assert {call(hop, "color").status for hop in hops} == {status}
    assert colours(hops) == ({"green"} if status == 200 else {"grey"})


def test_a_weight_of_0_beside_others_gets_nothing(world: FacesWorld) -> None:
    world.canary()
    world.rules("color-canary", to("color=0", "color2-west"))
    assert colours(world.ask()) == {"blue"}


def test_routes_do_not_chain(world: FacesWorld) -> None:
    world.canary()
    world.rules("color-canary", to("color2-west"))
    world.route("chained", "color2-west", to("color"))
    away = http_route("away", "smiley", to("smiley2"))
    world.apply("east", away)
    world.advance(1)
    hops = world.ask()
    assert (colours(hops), smileys(hops)) == ({"blue"}, {SMILING})


def test_a_route_acts_only_once_accepted(world: FacesWorld) -> None:
    world.delete("north", DEPLOYMENTS, "linkerd-destination", "linkerd")
    world.route("color", "color", to("nowhere"))
    assert colours(world.ask()) == {"green"}


def test_a_route_that_is_gone_acts_no_more(world: FacesWorld) -> None:
    world.canary()
    world.rules("color-canary", to("color2-west"))
    world.delete("north", POLICY_ROUTES, "color-canary")
    assert colours(world.ask()) == {"green"}


def test_without_its_route_smiley_has_no_pods(world: FacesWorld) -> None:
    world.delete("north", POLICY_ROUTES, "smiley-router")
    hop = world.ask(1)[0]
    assert (call(hop, "smiley").seconds, hop.body["smiley"]) == (3.0, "504")


@pytest.mark.parametrize(
    ("timeouts", "limit"),
    [
        ({"request": "300ms", "backendRequest": "150ms"}, 0.15),
        ({"backendRequest": "150ms"}, 0.15),
        ({"request": "1s", "backendRequest": "0"}, 1.0),
    ],
)
def test_both_kinds_of_timeouts(world: FacesWorld, timeouts: dict[str, str], limit: float) -> None:
    world.rules("smiley-router", to("smiley-east", timeouts=timeouts))
    calls = [call(hop, "smiley") for hop in world.ask(100)]
    assert {each.seconds for each in calls if each.status == 504} == {limit}
    assert all(each.seconds < limit for each in calls if each.status == 200)


def test_timeouts_beside_split_backends_hold_for_each(world: FacesWorld) -> None:
    world.canary()
    limit = {"request": "150ms"}
    world.rules("color-canary", to("color", "color2-west", timeouts=limit))
    assert set(outcomes(world.ask(200), "color")) == {
        (200, "color", "north"),
        (504, "color", "north"),
        (200, "color2-west", "west"),
        (504, "color2-west", "west"),
    }


def test_the_most_specific_match_wins_over_an_older_route(world: FacesWorld) -> None:
    world.canary()
    user = [{"name": "X-Faces-User", "value": "anna"}]
    world.route("anna", "color", to("color2-west", matches=[{"headers": user}]))
    world.rules("color-canary", to("color"))
    assert colours(world.ask(x_faces_user="anna")) == {"blue"}
    assert colours(world.ask(x_faces_user="bert")) == {"green"}


@pytest.mark.parametrize(
    ("match", "colour"),
    [
        ({"path": {"type": "PathPrefix", "value": "/"}}, "blue"),
        ({"path": {"type": "Exact", "value": "/"}}, "blue"),
        ({"path": {"type": "RegularExpression", "value": "/.*"}}, "blue"),
        ({"path": {"type": "RegularExpression", "value": "("}}, "green"),
        ({"path": {"type": "PathPrefix", "value": "/a"}}, "green"),
        ({"method": "GET"}, "blue"),
        ({"method": "POST"}, "green"),
        ({"queryParams": [{"name": "row", "value": "1"}]}, "green"),
        ({"headers": [{"name": "x", "value": "y.", "type": "RegularExpression"}]}, "blue"),
        ({"headers": [{"name": "x", "value": "z"}]}, "green"),
        ({"headers": [{"name": "w", "value": "yz"}]}, "green"),
    ],
)
def test_what_rules_match(world: FacesWorld, match: Object, colour: str) -> None:
    world.canary()
    world.rules("color-canary", to("color2-west", matches=[match]), to("color"))
    assert colours(world.ask(5, x="yz")) == {colour}


@pytest.mark.parametrize(
    ("hostnames", "colour"), [(["color"], "blue"), (["*.example"], "green"), ([], "blue")]
)
def test_hostnames_of_a_route(world: FacesWorld, hostnames: list[str], colour: str) -> None:
    world.canary()
    world.change("north", POLICY_ROUTES, "faces/color-canary", hostnames=hostnames)
    world.rules("color-canary", to("color2-west"))
    world.route("other", "color", to("color"))
    assert colours(world.ask(5)) == {colour}


def test_of_two_routes_the_older_one_acts(world: FacesWorld) -> None:
    world.canary()
    world.route("aaa", "color", to("color2-west"))
    world.rules("color-canary", to("color"))
    assert colours(world.ask(5)) == {"green"}


def test_routes_of_the_gateway_api_act_too(world: FacesWorld) -> None:
    world.canary()
    world.delete("north", POLICY_ROUTES, "color-canary")
    route = http_route("gateway", "color", to("color2-west"))
    route["apiVersion"] = "gateway.networking.k8s.io/v1beta1"
    route["spec"]["parentRefs"][0]["group"] = ""
    world.apply("north", route)
    world.advance(1)
    assert colours(world.ask(5)) == {"blue"}


def test_unlabelled_services_are_mirrored_no_more(world: FacesWorld) -> None:
    world.label("east", SERVICES, "faces/smiley", dict.fromkeys(EXPORTED))
    world.advance(2)
    assert outcomes(world.ask(5), "smiley") == {(500, "smiley-east", ""): 5}


def test_discovery_goes_on_without_the_link_but_not_without_the_credentials(
    world: FacesWorld,
) -> None:
    world.delete("north", LINKS, "east", "linkerd-multicluster")
    assert smileys(world.ask(5)) == {SMILING}
    world.delete("north", SECRETS, "cluster-credentials-east", "linkerd")
    assert outcomes(world.ask(5), "smiley") == {(504, "smiley-east", ""): 5}


def test_no_smiley_left_in_east(world: FacesWorld) -> None:
    world.change("east", DEPLOYMENTS, "faces/smiley", replicas=0)
    world.advance(5)
    assert outcomes(world.ask(5), "smiley") == {(504, "smiley-east", ""): 5}


def test_more_replicas_answer(world: FacesWorld) -> None:
    world.change("east", DEPLOYMENTS, "faces/smiley", replicas=5)
    world.advance(0.5)
    assert len({call(hop, "smiley").pod for hop in world.ask(200)}) == 2
    world.advance(5)
    assert len({call(hop, "smiley").pod for hop in world.ask(200)}) == 5


def test_a_pod_that_is_not_ready_is_not_asked(world: FacesWorld) -> None:
    store = world.clusters["east"].store
    slices = [
        each
        for each in store.list(ENDPOINT_SLICES, "faces")
        if each["metadata"]["labels"]["kubernetes.io/service-name"] == "smiley"
    ]
    first, second = slices[0]["endpoints"]
    waiting = {**first, "conditions": {"ready": False}}
    store.update(ENDPOINT_SLICES, {**slices[0], "endpoints": [waiting, second]})
    pods = {call(hop, "smiley").pod for hop in world.ask()}
    assert pods == {second["targetRef"]["name"]}


def test_a_service_that_selects_other_pods(world: FacesWorld) -> None:
    world.change("east", SERVICES, "faces/smiley", selector={"app.kubernetes.io/name": "smiley2"})
    world.advance(1)
    assert smileys(world.ask(5)) == {HEART_EYES}


@pytest.mark.parametrize("port", [{"targetPort": 9000}, {"port": 81}])
def test_a_port_that_nobody_listens_on(world: FacesWorld, port: Object) -> None:
    ports = [{"name": "http", "port": 80, "targetPort": "http", **port}]
    world.change("north", SERVICES, "faces/color", ports=ports)
    world.advance(1)
    assert call(world.ask(1)[0], "color").status == 504


def test_an_answer_without_what_was_asked_for(world: FacesWorld) -> None:
    world.route("odd", "color", to("smiley-east"))
    hop = world.ask(1)[0]
    assert hop.body["errors"] == ["color: 400"]
    assert hop.body["color"] == "grey"


def test_a_face_that_asks_itself_comes_to_an_end(world: FacesWorld) -> None:
    world.route("odd", "color", to("face"))
    assert world.ask(1)[0].body["errors"] == ["color: 500"]


def test_without_its_proxy_a_face_knows_no_routes_and_no_mirrors(world: FacesWorld) -> None:
    world.canary()
    world.rules("color-canary", to("color2-west"))
    world.template(
        "north",
        "face",
        lambda template: template["metadata"].update(annotations={"linkerd.io/inject": "disabled"}),
    )
    hops = world.ask(5)
    assert outcomes(hops, "color") == {(200, "color", "north"): 5}
    assert outcomes(hops, "smiley") == {(500, "smiley", ""): 5}
    assert smileys(hops) == {CURSING}


def test_without_links_nothing_is_mirrored() -> None:
    world = FacesWorld(
        {"north": ClusterSeed((MANIFESTS / "north",)), "east": ClusterSeed((MANIFESTS / "east",))}
    )
    assert outcomes(world.ask(5), "smiley") == {(500, "smiley-east", ""): 5}


def test_what_the_page_says_of_the_routes(world: FacesWorld) -> None:
    world.canary()
    world.rules("color-canary", to("color=1", "color2-west=3", "nowhere=0"))
    color, smiley, face = world.cells().view({})
    assert (face.route, face.backends[0].pods) == ("", 2)
    assert [(b.name, b.share, b.clusters, b.pods) for b in color.backends] == [
        ("color", 0.25, ("north",), 2),
        ("color2-west", 0.75, ("west",), 2),
        ("nowhere", 0.0, (), 0),
    ]
    assert color.backends[2].reason == "there is no Service nowhere"
    assert (smiley.route, smiley.request_timeout) == ("smiley-router", 5.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1_000_000), min_size=1, max_size=16), st.integers(0, 1 << 32))
def test_weights_are_kept(weights: list[int], number: int) -> None:
    from random import Random

    names = [str(index) for index in range(len(weights))]
    pairs = zip(names, weights, strict=True)
    route = Route("r", tuple(Backend("faces", name, 80, weight) for name, weight in pairs))
    random = Random(number)
    count = 2000
    chosen = [choose_backend(route, random) for _ in range(count)]
    total = sum(weights)
    if total == 0:
        assert {(each.status, each.name) for each in chosen} == {(500, "")}
        return
    for name, weight in zip(names, weights, strict=True):
        share = weight / total
        deviation = (share * (1 - share) / count) ** 0.5
        got = sum(each.name == name for each in chosen) / count
        assert abs(got - share) <= 7 * deviation + 1e-3
        assert weight or not got
