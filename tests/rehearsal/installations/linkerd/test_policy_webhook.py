"""Linkerd's webhook refuses what it cannot read although the CRD's schema allows it."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.installations.linkerd.policy_webhook import DurationError, parse_duration
from meshpeek.rehearsal.types.status import ApiError
from tests.rehearsal.simulated_clusters import Simulation, define

UNITS = "expected one of 'ns', 'us', 'µs', 'ms', 's', 'm', or 'h'"
WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "linkerd-policy-validator-webhook-config"},
}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("5s", 5),
        ("300ms", 0.3),
        ("1h2m3s", 3723),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("5.s", 5),
        ("+5s", 5),
        ("-5s", -5),
        ("11us", 11e-6),
        ("12µs", 12e-6),
        ("10ns", 10e-9),
        ("", 0),
    ],
)
def test_durations_of_go_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1d", f"invalid unit: {UNITS}"),
        ("300 millis", "invalid floating-point number: invalid float literal"),
        ("ms", "invalid floating-point number: cannot parse float from empty string"),
        ("300", f"missing a unit: {UNITS}"),
        ("1s5", f"missing a unit: {UNITS}"),
        ("1_0s", "invalid floating-point number: invalid float literal"),
    ],
)
def test_others_are_not(text: str, reason: str) -> None:
    with pytest.raises(DurationError) as caught:
        parse_duration(text)
    assert str(caught.value) == reason


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation("north")
    define(made, "north", "policy.linkerd.io")
    made.apply("north", WEBHOOK)
    return made


def route(version: str = "v1beta3", **timeouts: str) -> dict[str, Any]:
    return {
        "apiVersion": f"policy.linkerd.io/{version}",
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "namespace": "faces"},
        "spec": {"rules": [{"timeouts": timeouts} if timeouts else {}]},
    }


@pytest.mark.parametrize(
    ("timeouts", "reason"),
    [
        ({"request": "1d"}, f"invalid unit: {UNITS}"),
        ({"request": "-1s"}, "request timeout must not be negative"),
        ({"backendRequest": "-1s"}, "backendRequest timeout must not be negative"),
        (
            {"request": "300ms", "backendRequest": "5s"},
            "backendRequest timeout (5s) must not be greater than request timeout (300ms)",
        ),
    ],
)
def test_denials(simulation: Simulation, timeouts: dict[str, str], reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        simulation.apply("north", route(**timeouts))
    assert caught.value.message == (
        f'admission webhook "linkerd-policy-validator.linkerd.io" denied the request: {reason}'
    )


@pytest.mark.parametrize(
    "timeouts", [{}, {"request": "300ms"}, {"request": "5s", "backendRequest": "5s"}]
)
def test_what_is_right_is_let_through(simulation: Simulation, timeouts: dict[str, str]) -> None:
    simulation.apply("north", route(**timeouts))


def test_the_schema_speaks_before_the_webhook(simulation: Simulation) -> None:
    with pytest.raises(ApiError, match="must be of type duration") as caught:
        simulation.apply("north", route(request="300"))
    assert caught.value.code == 422


def test_without_its_configuration_nobody_asks_the_webhook() -> None:
    simulation = Simulation("north")
    define(simulation, "north", "policy.linkerd.io")
    simulation.apply("north", route(request="1d"))
