"""StatefulSets, DaemonSets, Jobs, CronJobs, budgets and quotas, on simulated time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from meshpeek.rehearsal.controllers.on_demand.autoscalers import CPU_PERCENT
from meshpeek.rehearsal.controllers.on_demand.pod_endings import (
    EXIT_CODE,
    FAILING_PROBES,
    RUN_SECONDS,
)
from meshpeek.rehearsal.types.keys import (
    AUTOSCALERS,
    CONTROLLER_REVISIONS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    EVENTS,
    JOBS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    REPLICA_SETS,
    RESOURCE_QUOTAS,
    STATEFUL_SETS,
    ResourceKey,
)
from meshpeek.rehearsal.types.scalars.schedules import ScheduleError, parse_schedule
from tests.rehearsal.simulated_clusters import START, Simulation, deployment, template

Value = dict[str, Any]


@pytest.fixture
def simulation() -> Simulation:
    return Simulation("north")


def made(kind: str, api_version: str, name: str = "web", **spec: Any) -> Value:
    metadata = {"name": name, "namespace": "faces"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def stateful_set(**spec: Any) -> Value:
    wanted = {"replicas": 3, "serviceName": "web", "selector": {"matchLabels": {"app": "web"}}}
    return made("StatefulSet", "apps/v1", **{**wanted, "template": template("web"), **spec})


def job(**spec: Any) -> Value:
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}
    return made("Job", "batch/v1", **{"template": {"spec": pod}, **spec})


def status_of(simulation: Simulation, key: ResourceKey, name: str = "web") -> Value:
    obj = simulation.north.store.get(key, "faces", name)
    assert obj is not None
    status: Value = obj["status"]
    return status


def phases(simulation: Simulation) -> list[str]:
    return [pod["status"]["phase"] for pod in simulation.north.store.list(PODS, "faces")]


def test_pods_of_a_stateful_set_come_one_after_the_other(simulation: Simulation) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    simulation.apply("north", stateful_set(volumeClaimTemplates=[claim]))
    for names in (["web-0"], ["web-0", "web-1"], ["web-0", "web-1", "web-2"]):
        simulation.advance()
        assert simulation.names("north", PODS) == names
        simulation.advance(1)
    simulation.advance(1)
    assert status_of(simulation, STATEFUL_SETS)["readyReplicas"] == 3
    assert simulation.names("north", PERSISTENT_VOLUME_CLAIMS) == [
        "data-web-0",
        "data-web-1",
        "data-web-2",
    ]
    first = simulation.north.store.list(PODS, "faces")[0]
    assert (first["spec"]["hostname"], first["spec"]["subdomain"]) == ("web-0", "web")
    simulation.change("north", STATEFUL_SETS, "faces/web", replicas=1)
    simulation.advance(2)
    assert simulation.names("north", PODS) == ["web-0"]
    assert len(simulation.names("north", PERSISTENT_VOLUME_CLAIMS)) == 3


def test_a_new_template_rolls_from_the_last_pod_to_the_partition(simulation: Simulation) -> None:
    simulation.apply("north", stateful_set(podManagementPolicy="Parallel"))
    simulation.advance()
    assert len(simulation.names("north", PODS)) == 3
    simulation.advance(2)
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    simulation.change(
        "north",
        STATEFUL_SETS,
        "faces/web",
        template=template("web", "faces:2"),
        updateStrategy=rolling,
    )

    def images() -> list[str]:
        pods = simulation.north.store.list(PODS, "faces")
        return [pod["spec"]["containers"][0]["image"] for pod in pods]

    simulation.advance(10)
    assert images() == ["faces:1", "faces:2", "faces:2"]
    status = status_of(simulation, STATEFUL_SETS)
    assert status["currentRevision"] != status["updateRevision"]
    simulation.change("north", STATEFUL_SETS, "faces/web", updateStrategy={"type": "RollingUpdate"})
    simulation.advance(10)
    assert images() == ["faces:2"] * 3
    status = status_of(simulation, STATEFUL_SETS)
    assert status["currentRevision"] == status["updateRevision"]
    assert len(simulation.names("north", CONTROLLER_REVISIONS)) == 2


def test_a_daemon_set_has_a_pod_on_each_node_that_fits(simulation: Simulation) -> None:
    node = simulation.north.store.list(NODES)[0]
    second = {**node, "metadata": {**node["metadata"], "name": "second", "uid": ""}}
    free = {"podCIDR": "10.23.9.0/24"}
    second["spec"] = {**free, "taints": [{"key": "k", "effect": "NoSchedule"}]}
    simulation.north.store.create(NODES, second)
    selector = {"matchLabels": {"app": "web"}}
    simulation.apply(
        "north", made("DaemonSet", "apps/v1", selector=selector, template=template("web"))
    )
    simulation.advance(2)
    assert status_of(simulation, DAEMON_SETS)["numberReady"] == 1
    present = simulation.north.store.get(NODES, None, "second")
    assert present is not None
    simulation.north.store.update(NODES, {**present, "spec": free})
    simulation.advance(2)
    assert status_of(simulation, DAEMON_SETS)["desiredNumberScheduled"] == 2
    pods = simulation.north.store.list(PODS, "faces")
    assert {pod["spec"]["nodeName"] for pod in pods} == {node["metadata"]["name"], "second"}
    simulation.change("north", DAEMON_SETS, "faces/web", template=template("web", "faces:2"))
    simulation.advance(10)
    status = status_of(simulation, DAEMON_SETS)
    assert (status["updatedNumberScheduled"], status["numberAvailable"]) == (2, 2)


def test_a_job_completes(simulation: Simulation) -> None:
    simulation.apply("north", job(completions=3, parallelism=2))
    simulation.advance()
    assert status_of(simulation, JOBS)["active"] == 2
    simulation.advance(10)
    status = status_of(simulation, JOBS)
    assert status["succeeded"] == 3
    assert [each["type"] for each in status["conditions"]] == ["Complete"]
    assert phases(simulation) == ["Succeeded"] * 3


def test_a_job_whose_command_fails_gives_up(simulation: Simulation) -> None:
    pod = {"restartPolicy": "Never"}
    pod |= {"containers": [{"name": "c", "image": "b", "command": ["sh", "-c", "exit 3"]}]}
    simulation.apply("north", job(backoffLimit=1, template={"spec": pod}))
    simulation.advance(60)
    status = status_of(simulation, JOBS)
    assert (status["failed"], status["conditions"][0]["reason"]) == (2, "BackoffLimitExceeded")
    terminated = simulation.north.store.list(PODS, "faces")[0]["status"]["containerStatuses"][0]
    assert terminated["state"]["terminated"]["exitCode"] == 3


def test_indexes_deadlines_suspension_and_expiry(simulation: Simulation) -> None:
    simulation.apply("north", job(completions=3, parallelism=3, completionMode="Indexed"))
    simulation.advance(10)
    assert status_of(simulation, JOBS)["completedIndexes"] == "0-2"
    slow = {"restartPolicy": "Never"}
    slow |= {"containers": [{"name": "c", "image": "b", "command": ["sleep", "1h"]}]}
    late = job(template={"spec": slow}, activeDeadlineSeconds=30, ttlSecondsAfterFinished=20)
    late["metadata"]["name"] = "late"
    simulation.apply("north", late)
    simulation.advance(40)
    assert status_of(simulation, JOBS, "late")["conditions"][0]["reason"] == "DeadlineExceeded"
    simulation.advance(40)
    assert "late" not in simulation.names("north", JOBS)
    waiting = job(suspend=True)
    waiting["metadata"]["name"] = "waiting"
    simulation.apply("north", waiting)
    simulation.advance(5)
    assert status_of(simulation, JOBS, "waiting")["conditions"][0]["type"] == "Suspended"
    simulation.change("north", JOBS, "faces/waiting", suspend=False)
    simulation.advance(10)
    assert status_of(simulation, JOBS, "waiting")["succeeded"] == 1


def test_a_cron_job_makes_jobs_and_forgets_old_ones(simulation: Simulation) -> None:
    spec = job()["spec"]
    simulation.apply(
        "north",
        made(
            "CronJob",
            "batch/v1",
            schedule="*/5 * * * *",
            jobTemplate={"spec": spec},
            successfulJobsHistoryLimit=2,
        ),
    )
    simulation.advance(4 * 60)
    assert simulation.names("north", JOBS) == []
    simulation.advance(17 * 60)
    names = simulation.names("north", JOBS)
    minutes = int(START.timestamp()) // 60
    assert names == [f"web-{minutes + 15}", f"web-{minutes + 20}"]
    assert status_of(simulation, CRON_JOBS)["lastSuccessfulTime"] == "2024-05-06T12:20:03Z"


@pytest.mark.parametrize(
    ("schedule", "moment"),
    [
        ("0 0 * * *", datetime(2024, 5, 7, tzinfo=UTC)),
        ("@monthly", datetime(2024, 6, 1, tzinfo=UTC)),
        ("30 8-10/2 * * mon-fri", datetime(2024, 5, 7, 8, 30, tzinfo=UTC)),
        ("0 0 1 * sun", datetime(2024, 5, 12, tzinfo=UTC)),
        ("0 0 31 feb *", None),
        ("5,10 * * * *", datetime(2024, 5, 6, 12, 5, tzinfo=UTC)),
    ],
)
def test_schedules(schedule: str, moment: datetime | None) -> None:
    assert parse_schedule(schedule).following(START) == moment


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("bad", "expected exactly 5 fields, found 1: [bad]"),
        ("99 * * * *", "end of range (99) above maximum (59): 99"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("@often", "unrecognized descriptor: @often"),
    ],
)
def test_schedules_that_are_none(schedule: str, problem: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(schedule)
    assert str(caught.value) == problem


def test_a_budget_counts_who_may_go(simulation: Simulation) -> None:
    simulation.apply("north", deployment("web", replicas=3))
    selector = {"matchLabels": {"app": "web"}}
    simulation.apply(
        "north", made("PodDisruptionBudget", "policy/v1", minAvailable="60%", selector=selector)
    )
    simulation.advance(3)
    status = status_of(simulation, DISRUPTION_BUDGETS)
    counted = [status[name] for name in ("expectedPods", "desiredHealthy", "disruptionsAllowed")]
    assert counted == [3, 2, 1]


def test_pods_are_refused_over_the_quota_and_without_their_account(simulation: Simulation) -> None:
    hard = {"pods": "2", "count/deployments.apps": "1"}
    simulation.apply("north", made("ResourceQuota", "v1", "limits", hard=hard))
    simulation.apply("north", deployment("web", replicas=3))
    simulation.advance(2)
    used = status_of(simulation, RESOURCE_QUOTAS, "limits")["used"]
    assert used == {"pods": "2", "count/deployments.apps": "1"}
    (condition,) = simulation.north.store.list(REPLICA_SETS, "faces")[0]["status"]["conditions"]
    assert (
        "exceeded quota: limits, requested: pods=1, used: pods=2, limited: pods=2"
        in (condition["message"])
    )
    kinds = [each["type"] for each in status_of(simulation, DEPLOYMENTS)["conditions"]]
    assert kinds == ["Available", "Progressing", "ReplicaFailure"]
    simulation.north.store.delete(RESOURCE_QUOTAS, "faces", "limits")
    simulation.advance(10)
    kinds = [each["type"] for each in status_of(simulation, DEPLOYMENTS)["conditions"]]
    assert kinds == ["Available", "Progressing"]
    nobody = deployment("nobody", replicas=1)
    nobody["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"
    simulation.apply("north", nobody)
    simulation.advance(2)
    messages = [event["message"] for event in simulation.north.store.list(EVENTS, "faces")]
    assert any('serviceaccount "nobody" not found' in message for message in messages)


def test_an_autoscaler_keeps_its_bounds_and_follows_its_figure(simulation: Simulation) -> None:
    simulation.apply("north", deployment("web", replicas=1))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    bounds = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 5}
    scaler = made("HorizontalPodAutoscaler", "autoscaling/v2", **bounds)
    simulation.apply("north", scaler)
    simulation.advance(3)

    def replicas() -> int:
        found = simulation.north.store.get(DEPLOYMENTS, "faces", "web")
        assert found is not None
        return int(found["spec"]["replicas"])

    status = status_of(simulation, AUTOSCALERS)
    assert (replicas(), status["currentReplicas"], status["desiredReplicas"]) == (2, 2, 2)
    reasons = [each["reason"] for each in status["conditions"]]
    assert reasons == ["SucceededGetScale", "FailedGetResourceMetric"]
    stored = simulation.north.store.get(AUTOSCALERS, "faces", "web")
    assert stored is not None
    metadata = {**stored["metadata"], "annotations": {CPU_PERCENT: "160"}}
    simulation.north.store.update(AUTOSCALERS, {**stored, "metadata": metadata})
    simulation.advance(3)
    assert replicas() == 5
    reasons = [each["reason"] for each in status_of(simulation, AUTOSCALERS)["conditions"]]
    assert reasons == ["SucceededGetScale", "ValidMetricFound", "TooManyReplicas"]
    simulation.north.store.delete(DEPLOYMENTS, "faces", "web")
    simulation.change("north", AUTOSCALERS, "faces/web", maxReplicas=4)
    simulation.advance(3)
    assert status_of(simulation, AUTOSCALERS)["conditions"][0]["reason"] == "FailedGetScale"


def test_annotations_end_pods_and_fail_their_probes(simulation: Simulation) -> None:
    crashing = deployment("crashing", replicas=1)
    annotations = {EXIT_CODE: "1", RUN_SECONDS: "3"}
    crashing["spec"]["template"]["metadata"]["annotations"] = annotations
    simulation.apply("north", crashing)

    def container() -> Value:
        pod = simulation.north.store.list(PODS, "faces")[0]
        found: Value = pod["status"]["containerStatuses"][0]
        return found

    simulation.advance(5)
    assert container()["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert container()["lastState"]["terminated"]["exitCode"] == 1
    simulation.advance(10)
    assert (container()["restartCount"], container()["ready"]) == (1, True)


def test_a_probe_that_an_annotation_lets_fail(simulation: Simulation) -> None:
    probed = deployment("probed", replicas=1)
    probe = {"httpGet": {"port": "http"}, "periodSeconds": 5}
    container = probed["spec"]["template"]["spec"]["containers"][0]
    container |= {"readinessProbe": probe, "livenessProbe": probe}
    simulation.apply("north", probed)
    simulation.advance(3)
    assert status_of(simulation, DEPLOYMENTS, "probed")["readyReplicas"] == 1

    def annotate(text: str) -> None:
        pod = simulation.north.store.list(PODS, "faces")[0]
        metadata = {**pod["metadata"], "annotations": {FAILING_PROBES: text}}
        simulation.north.store.update(PODS, {**pod, "metadata": metadata})
        simulation.advance()

    annotate("readiness")
    assert "readyReplicas" not in status_of(simulation, DEPLOYMENTS, "probed")
    annotate("liveness")
    assert status_of(simulation, DEPLOYMENTS, "probed")["readyReplicas"] == 1
    simulation.advance(16)
    pod = simulation.north.store.list(PODS, "faces")[0]
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 1
