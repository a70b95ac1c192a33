"""What the pods of Faces 0.8.0 answer, by their environment."""

from __future__ import annotations

from random import Random

import pytest

from meshpeek.rehearsal.installations.faces.hops import Hop
from meshpeek.rehearsal.installations.faces.workloads import Workloads, read_settings
from meshpeek.rehearsal.types.objects import Object
from tests.rehearsal.installations.faces.faces_world import FacesWorld, call, colours, smileys


def pod(**variables: str) -> Object:
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    return {"spec": {"containers": [{"name": "linkerd-proxy"}, {"name": "x", "env": environment}]}}


def refuse(service: str, moment: float) -> Hop:
    raise AssertionError(service)


def answers(
    times: int, *, every: float = 0.1, ask: object = refuse, **variables: str
) -> list[tuple[int, float, object]]:
    settings = read_settings(pod(**variables))
    assert settings
    workloads = Workloads(Random(7))
    found = []
    for turn in range(times):
        answer = workloads.answer("uid", settings, turn * every, ask)  # type: ignore[arg-type]
        found.append((answer.status, answer.seconds, dict(answer.body)))
    return found


@pytest.mark.parametrize(
    ("variables", "body"),
    [
        ({"FACES_SERVICE": "color"}, {"color": "green"}),
        ({"FACES_SERVICE": "color", "COLOR": "blue"}, {"color": "blue"}),
        ({"FACES_SERVICE": "color", "COLOR": ""}, {}),
        ({"FACES_SERVICE": "smiley"}, {"smiley": "😃"}),
        ({"FACES_SERVICE": "smiley", "SMILEY": ""}, {"smiley": "😃"}),
        ({"FACES_SERVICE": "smiley", "SMILEY": "HeartEyes"}, {"smiley": "😍"}),
        ({"FACES_SERVICE": "smiley", "SMILEY": "Grinning"}, {"smiley": "🙄"}),
    ],
)
def test_defaults_and_what_is_set(variables: dict[str, str], body: object) -> None:
    assert answers(1, **variables) == [(200, 0.0, body)]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"FACES_SERVICE": "quote"},
        {"FACES_SERVICE": "color", "ERROR_FRACTION": "a lot"},
        {"FACES_SERVICE": "color", "MAX_RATE": "fast"},
    ],
)
def test_a_pod_that_would_not_start(variables: dict[str, str]) -> None:
    assert read_settings(pod(**variables)) is None


def test_delays_are_chosen_evenly_and_odd_ones_left_out() -> None:
    buckets = "0, 100,x,500,-5,"
    seconds = [each[1] for each in answers(4000, FACES_SERVICE="color", DELAY_BUCKETS=buckets)]
    assert set(seconds) == {0.0, 0.1, 0.5}
    assert 1850 < seconds.count(0.0) < 2150  # two of the four buckets


@pytest.mark.parametrize(("fraction", "percent"), [("0", 0), ("1", 2), ("20", 21), ("99", 100)])
def test_error_fractions_are_a_percent_higher_than_said(fraction: str, percent: int) -> None:
    found = [each[0] for each in answers(10_000, FACES_SERVICE="color", ERROR_FRACTION=fraction)]
    assert set(found) <= {200, 500}
    assert abs(found.count(500) / 100 - percent) < 0.7  # so N and N+1 are told apart


def test_errors_take_their_time_too() -> None:
    found = answers(5, FACES_SERVICE="color", ERROR_FRACTION="100", DELAY_BUCKETS="200")
    assert found == [(500, 0.2, {})] * 5


def test_a_latched_smiley_stays_so_and_a_latched_face_recovers_after_30_idle_seconds() -> None:
    latching = {"ERROR_FRACTION": "100", "LATCH_FRACTION": "100"}
    assert {each[0] for each in answers(4, FACES_SERVICE="smiley", every=60, **latching)} == {599}

    def ask(service: str, moment: float) -> Hop:
        return Hop(service, 200, 0.0, body={service: "x"})

    settings = read_settings(pod(FACES_SERVICE="face", ERROR_FRACTION="20", LATCH_FRACTION="100"))
    assert settings
    workloads = Workloads(Random(7))
    moment = 0.0
    statuses = []
    for _ in range(200):
        statuses.append(workloads.answer("uid", settings, moment, ask).status)
        moment += 1
    assert statuses[statuses.index(599) :].count(599) == 200 - statuses.index(599)
    assert workloads.answer("uid", settings, moment + 29, ask).status == 599
    later = [workloads.answer("uid", settings, moment + 29 + 31 * n, ask).status for n in (1, 2, 3)]
    assert 200 in later


def test_a_face_that_is_asked_too_often() -> None:
    asked = []

    def ask(service: str, moment: float) -> Hop:
        asked.append(service)
        return Hop(service, 200, 0.0, body={service: "x"})

    found = answers(60, every=0.5, ask=ask, FACES_SERVICE="face", MAX_RATE="1.5")
    overwhelmed = {"color": "pink", "smiley": "🤯", "errors": ["ratelimit"]}
    calm = [each[2] != overwhelmed for each in found]
    assert calm.index(False) == 14  # the fifteenth within ten seconds
    assert not any(calm[14:])
    assert {each[0] for each in found} == {200}
    assert asked == ["color", "smiley"] * 14


def test_a_face_asks_for_its_color_and_then_for_its_smiley() -> None:
    asked = []

    def ask(service: str, moment: float) -> Hop:
        asked.append((service, moment))
        return Hop(service, 200, 0.4, body={service: "x"})

    found = answers(1, ask=ask, FACES_SERVICE="face", DELAY_BUCKETS="100")
    assert asked == [("color", 0.0), ("smiley", 0.4)]
    assert found == [(200, pytest.approx(0.9), {"color": "x", "smiley": "x"})]


@pytest.mark.parametrize(
    ("status", "face"),
    [
        (500, {"color": "grey", "smiley": "🤬", "errors": ["color: 500", "smiley: 500"]}),
        (599, {"color": "grey", "smiley": "🤬", "errors": ["color: 599", "smiley: 599"]}),
        (504, {"color": "504", "smiley": "504", "errors": ["color: 504", "smiley: 504"]}),
    ],
)
def test_what_a_face_makes_of_errors(status: int, face: object) -> None:
    found = answers(1, ask=lambda service, _: Hop(service, status, 0.0), FACES_SERVICE="face")
    assert found == [(200, 0.0, face)]


def test_an_edited_deployment_is_seen_once_it_has_rolled_out() -> None:
    world = FacesWorld()
    world.environment("north", "color", COLOR="purple")
    world.environment("east", "smiley", SMILEY="Neutral", DELAY_BUCKETS=None)
    hops = world.ask(20)
    assert (colours(hops), smileys(hops)) == ({"purple"}, {"😐"})
    assert {call(hop, "smiley").seconds for hop in hops} == {0.0}
    world.environment("east", "smiley", ERROR_FRACTION="many")
    assert {call(hop, "smiley").status for hop in world.ask(20)} == {504}
