"""Values equal values of their own type alone, and nothing changes them."""

from __future__ import annotations

import copy
import pickle

import pytest

from meshpeek.run.events import Event, Redrawn, ShellLent, WaitEnded, WaitStarted
from meshpeek.session.shell.command_stream import BackgroundOutput, OutputChunk
from meshpeek.workshop.values import Value


class Point(Value):
    x: int
    y: int = 0


class Place(Point):
    name: str = "here"


class Size(Value):
    x: int
    y: int = 0


def test_fields_are_given_in_order_or_by_name_and_have_defaults() -> None:
    assert Point(1, 2) == Point(y=2, x=1) == Point(1).replace(y=2)
    assert (Point(1).x, Point(1).y) == (1, 0)
    place = Place(1, name="there")
    assert (place.x, place.y, place.name) == (1, 0, "there")
    assert repr(place) == "Place(x=1, y=0, name='there')"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Point(1), Point(2)),
        (Point(1), Size(1)),
        (Point(1), Place(1)),
        (Point(1), (1, 0)),
        (WaitStarted, WaitEnded),
        (ShellLent(), Redrawn()),
        (OutputChunk(b"x"), BackgroundOutput(b"x")),
    ],
)
def test_what_differs_in_a_field_or_in_its_type_is_not_equal(one: object, other: object) -> None:
    assert one != other
    assert len({one, other}) == 2


def test_equal_values_have_one_hash_and_are_true_without_fields() -> None:
    assert len({Point(1), Point(1), Size(1)}) == 2
    assert Redrawn() == Redrawn()
    assert Redrawn()


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]
)
def test_a_copy_is_equal(copied: object) -> None:
    assert callable(copied)
    assert copied(Place(1, 2)) == Place(1, 2)


def test_fields_are_matched_by_position_and_by_name() -> None:
    match Place(1, 2):
        case Place(x, y, name=name):
            assert (x, y, name) == (1, 2, "here")
        case _:
            pytest.fail("not matched")


def test_a_value_cannot_be_changed() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="frozen: x cannot be set"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen: x cannot be deleted"):
        del point.x
    assert point == Point(1)


@pytest.mark.parametrize(
    ("fields", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"z": 1})]
)
def test_wrong_arguments_are_refused(fields: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="Point: "):
        Point(*fields, **named)


def kinds(kind: type[Event]) -> list[type[Event]]:
    return [kind, *(each for sub in kind.__subclasses__() for each in kinds(sub))]


def test_no_event_equals_one_of_another_type_with_the_same_fields() -> None:
    events = [kind(*range(len(kind.__match_args__))) for kind in kinds(Event)]
    assert len(events) > 20
    assert len(set(events)) == len(events)
