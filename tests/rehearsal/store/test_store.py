"""The objects of one cluster: writes, their events, the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.rehearsal.store.store import HISTORY_LENGTH, Store, WatchEvent, new_uid
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, NAMESPACES, NODES, PODS
from meshpeek.rehearsal.types.kind_registry import Registry
from meshpeek.rehearsal.types.status import ApiError


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2023, 8, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(Registry(), clock)


def named(name: str, namespace: str = "faces", **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, **more}


def changed(obj: dict[str, Any], **more: Any) -> dict[str, Any]:
    metadata = {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}
    return {**obj, "metadata": metadata, **more}


def events_of(store: Store) -> list[WatchEvent]:
    seen: list[WatchEvent] = []
    store.subscribe(seen.append)
    return seen


def refusal(code: int, call: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call()
    assert caught.value.code == code
    return caught.value


def test_a_created_object_has_what_the_server_adds(store: Store) -> None:
    stored = store.create(DEPLOYMENTS, named("face", spec={"replicas": 1}))
    metadata = stored["metadata"]
    assert metadata["creationTimestamp"] == "2023-08-22T12:00:00Z"
    assert metadata["resourceVersion"] == "1"
    assert metadata["generation"] == 1
    assert len(metadata["uid"]) == 36
    assert store.get(DEPLOYMENTS, "faces", "face") == stored


def test_kinds_without_generation_get_none(store: Store) -> None:
    assert "generation" not in store.create(PODS, named("face-1"))["metadata"]


def test_a_seed_may_lie_in_the_past(store: Store) -> None:
    obj = named("face-1")
    obj["metadata"]["creationTimestamp"] = "2023-08-22T11:00:00Z"
    assert store.create(PODS, obj)["metadata"]["creationTimestamp"] == "2023-08-22T11:00:00Z"


def test_generated_names_differ(store: Store) -> None:
    given = {"metadata": {"generateName": "face-", "namespace": "faces"}}
    names = {store.create(PODS, given)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("face-") and len(name) == 10 for name in names)


def test_a_taken_name_is_refused(store: Store) -> None:
    store.create(DEPLOYMENTS, named("face"))
    error = refusal(409, lambda: store.create(DEPLOYMENTS, named("face")))
    assert error.message == 'deployments.apps "face" already exists'
    assert error.reason == "AlreadyExists"


def test_lists_are_ordered_and_by_namespace(store: Store) -> None:
    for name, namespace in (("b", "faces"), ("a", "faces"), ("c", "default")):
        store.create(PODS, named(name, namespace))
    assert [pod["metadata"]["name"] for pod in store.list(PODS)] == ["c", "a", "b"]
    assert [pod["metadata"]["name"] for pod in store.list(PODS, "faces")] == ["a", "b"]
    assert store.list(PODS, "elsewhere") == []


def test_cluster_scoped_objects_have_no_namespace(store: Store) -> None:
    store.create(NODES, {"metadata": {"name": "server-0"}})
    assert store.get(NODES, None, "server-0") is not None


def test_a_change_of_the_spec_counts_as_a_generation(store: Store) -> None:
    old = store.create(DEPLOYMENTS, named("face", spec={"replicas": 1}))
    labelled = changed(old)
    labelled["metadata"]["labels"] = {"a": "b"}
    assert store.update(DEPLOYMENTS, labelled)["metadata"]["generation"] == 1
    scaled = store.update(DEPLOYMENTS, changed(labelled, spec={"replicas": 2}))
    assert scaled["metadata"]["generation"] == 2
    assert scaled["metadata"]["uid"] == old["metadata"]["uid"]


def test_writing_the_same_again_is_no_write(store: Store) -> None:
    old = store.create(PODS, named("face-1", spec={}))
    seen = events_of(store)
    assert store.update(PODS, changed(old)) is old
    assert seen == []
    assert store.resource_version == 1


def test_a_status_write_takes_nothing_but_the_status(store: Store) -> None:
    store.create(DEPLOYMENTS, named("face", spec={"replicas": 1}))
    given = named("face", spec={"replicas": 9}, status={"replicas": 1})
    stored = store.update(DEPLOYMENTS, given, subresource="status")
    assert stored["spec"] == {"replicas": 1}
    assert stored["status"] == {"replicas": 1}
    assert stored["metadata"]["generation"] == 1


def test_a_stale_resource_version_is_refused(store: Store) -> None:
    old = store.create(DEPLOYMENTS, named("face", spec={"replicas": 1}))
    store.update(DEPLOYMENTS, changed(old, spec={"replicas": 2}))
    error = refusal(409, lambda: store.update(DEPLOYMENTS, {**old, "spec": {"replicas": 3}}))
    assert error.reason == "Conflict"
    assert error.message == (
        'Operation cannot be fulfilled on deployments.apps "face": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


def test_a_uid_is_a_random_uuid() -> None:
    uids = [UUID(new_uid()) for _ in range(64)]
    assert {(uid.version, uid.variant) for uid in uids} == {(4, RFC_4122)}
    numbers = [uid.int for uid in uids]
    same = reduce(and_, numbers) | ~reduce(or_, numbers) & ((1 << 128) - 1)
    assert same == (0xF << 76 | 0x3 << 62), "all bits but those of version and variant are random"


def test_another_uid_is_refused(store: Store) -> None:
    old = store.create(PODS, named("face-1"))
    refusal(409, lambda: store.delete(PODS, "faces", "face-1", uid="another"))
    assert store.delete(PODS, "faces", "face-1", uid=old["metadata"]["uid"]) is not None


def test_what_is_not_there_cannot_be_updated_and_need_not_be_deleted(store: Store) -> None:
    error = refusal(404, lambda: store.update(PODS, named("face-1")))
    assert error.message == 'pods "face-1" not found'
    assert store.delete(PODS, "faces", "face-1") is None


def test_events_tell_each_write_with_what_was_before(store: Store) -> None:
    seen = events_of(store)
    old = store.create(PODS, named("face-1", spec={}))
    new = store.update(PODS, changed(old, spec={"a": 1}))
    last = store.delete(PODS, "faces", "face-1")
    assert [(event.type, event.resource_version) for event in seen] == [
        ("ADDED", 1),
        ("MODIFIED", 2),
        ("DELETED", 3),
    ]
    assert [event.previous for event in seen] == [None, old, new]
    assert last is seen[2].object
    assert last is not None
    assert last["metadata"]["resourceVersion"] == "3"


def test_listeners_that_write_do_not_upset_the_order(store: Store) -> None:
    def answer(event: WatchEvent) -> None:
        if event.key == DEPLOYMENTS:
            store.create(PODS, named("face-1"))

    store.subscribe(answer)
    seen = events_of(store)
    store.create(DEPLOYMENTS, named("face"))
    assert [event.resource_version for event in seen] == [1, 2]


def test_finalizers_keep_an_object_until_they_are_gone(store: Store, clock: Clock) -> None:
    obj = named("face", spec={})
    obj["metadata"]["finalizers"] = ["example.com/wait"]
    store.create(DEPLOYMENTS, obj)
    clock.now += timedelta(seconds=5)
    marked = store.delete(DEPLOYMENTS, "faces", "face")
    assert marked is not None
    assert marked["metadata"]["deletionTimestamp"] == "2023-08-22T12:00:05Z"
    assert store.get(DEPLOYMENTS, "faces", "face") is marked
    assert store.delete(DEPLOYMENTS, "faces", "face") is marked
    seen = events_of(store)
    freed = changed(marked)
    freed["metadata"]["finalizers"] = []
    store.update(DEPLOYMENTS, freed)
    assert [event.type for event in seen] == ["DELETED"]
    assert store.get(DEPLOYMENTS, "faces", "face") is None


def test_a_namespace_stays_until_it_is_finalized(store: Store) -> None:
    given = {"metadata": {"name": "faces"}, "spec": {"finalizers": ["kubernetes"]}}
    store.create(NAMESPACES, given)
    marked = store.delete(NAMESPACES, None, "faces")
    assert marked is not None
    assert marked["status"]["phase"] == "Terminating"
    store.update(NAMESPACES, changed(marked, spec={}))
    assert store.get(NAMESPACES, None, "faces") is None


def test_a_propagation_finalizer_is_added_first(store: Store) -> None:
    store.create(DEPLOYMENTS, named("face"))
    marked = store.delete(DEPLOYMENTS, "faces", "face", finalizer="foregroundDeletion")
    assert marked is not None
    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert store.get(DEPLOYMENTS, "faces", "face") is marked


def test_dry_runs_leave_no_trace(store: Store) -> None:
    old = store.create(PODS, named("face-1", spec={}))
    seen = events_of(store)
    assert store.create(PODS, named("face-2"), dry_run=True)["metadata"]["uid"]
    assert store.update(PODS, changed(old, spec={"a": 1}), dry_run=True)["spec"] == {"a": 1}
    assert store.delete(PODS, "faces", "face-1", dry_run=True) is not None
    assert seen == []
    assert store.list(PODS) == [old]


def test_the_history_has_what_came_after_a_version(store: Store) -> None:
    for number in range(3):
        store.create(PODS, named(f"face-{number}"))
    assert [event.resource_version for event in store.events_since(1)] == [2, 3]
    assert store.events_since(3) == []


def test_a_version_that_is_still_to_come_is_refused(store: Store) -> None:
    store.create(PODS, named("face-1"))
    error = refusal(504, lambda: store.events_since(99))
    assert error.message == "Timeout: Too large resource version: 99, current: 1"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["create", "update", "delete"]),
            st.sampled_from(["faces", "other"]),
            st.sampled_from("abc"),
        ),
        max_size=25,
    )
)
def test_a_list_at_a_version_is_the_list_of_then(writes: list[tuple[str, str, str]]) -> None:
    store = Store(Registry(), Clock())
    lists = {0: {"": store.list(PODS), "faces": store.list(PODS, "faces")}}
    for number, (verb, namespace, name) in enumerate(writes):
        old = store.get(PODS, namespace, name)
        if verb == "create" and old is None:
            store.create(PODS, named(name, namespace))
            store.create(PODS, named(f"other-{number}", "third"))
        elif verb == "update" and old is not None:
            store.update(PODS, {**old, "spec": {"number": number}})
        elif verb == "delete":
            store.delete(PODS, namespace, name)
        lists[store.resource_version] = {
            "": store.list(PODS),
            "faces": store.list(PODS, "faces"),
        }
    for version, by_namespace in lists.items():
        for namespace, listed in by_namespace.items():
            assert store.list_at(PODS, namespace or None, version) == listed


def test_a_version_before_the_history_is_gone(store: Store) -> None:
    for number in range(HISTORY_LENGTH + 2):
        store.create(PODS, named(f"face-{number}"))
    assert len(store.events_since(2)) == HISTORY_LENGTH
    error = refusal(410, lambda: store.events_since(1))
    assert (error.reason, error.message) == ("Expired", "too old resource version: 1 (3)")


def test_a_listener_that_fails_harms_neither_the_write_nor_the_others(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[WatchEvent] = []

    def fail(_event: WatchEvent) -> None:
        raise KeyError("uid")

    store.subscribe(fail)
    store.subscribe(seen.append)
    store.create(PODS, named("face-9"))
    assert [event.object["metadata"]["name"] for event in seen] == ["face-9"]
    assert "KeyError: 'uid'" in capsys.readouterr().err
    store.delete(PODS, "faces", "face-9")
    assert [event.type for event in seen] == ["ADDED", "DELETED"]
