"""create-clusters.sh: the calls it makes and their order, second runs, and what may go wrong."""

from __future__ import annotations

import pytest

from tests.scripts.scripts_machine import Machine, Result

SCRIPT = "create-clusters.sh"
POD_RANGES = {"north": "10.23.0.0/24", "east": "10.23.1.0/24", "west": "10.23.2.0/24"}
ADDRESSES = {"north": "172.18.0.3", "east": "172.18.0.5", "west": "172.18.0.7"}


def routes(addresses: dict[str, str] = ADDRESSES) -> list[str]:
    return [
        f"docker exec k3d-{name}-server-0 ip route replace {POD_RANGES[peer]} via {addresses[peer]}"
        for name in POD_RANGES
        for peer in POD_RANGES
        if peer != name
    ]


def contexts(machine: Machine) -> dict[str, str]:
    template = 'jsonpath={range .contexts[*]}{.name} {.context.cluster}{"\\n"}{end}'
    lines = machine.kubectl_config("view", "-o", template).splitlines()
    return dict(line.split() for line in lines)


@pytest.fixture
def created(machine: Machine) -> Machine:
    """Return a machine with the contexts of our clusters."""
    for name, cluster in OURS.items():
        machine.kubectl_config("set-context", name, f"--cluster={cluster}")
    return machine


Run = tuple[Machine, Result]
OURS = {"north": "k3d-north", "east": "k3d-east", "west": "k3d-west"}


@pytest.fixture(scope="module")
def first_run(module_machine: Machine) -> Run:
    result = module_machine.run(SCRIPT)
    assert result.returncode == 0, result.stdout
    return module_machine, result


class TestCreating:
    def test_network_clusters_contexts_and_routes_come_in_this_order(self, first_run: Run) -> None:
        machine, _ = first_run
        made = machine.calls_of(
            "docker network create", "k3d cluster create", "kubectl config rename", "docker exec"
        )
        assert [call.split(" --")[0] for call in made] == [
            "docker network create faces-network",
            "k3d cluster create north",
            "kubectl config rename-context k3d-north north",
            "k3d cluster create east",
            "kubectl config rename-context k3d-east east",
            "k3d cluster create west",
            "kubectl config rename-context k3d-west west",
            *routes(),
        ]
        assert contexts(machine) == OURS

    @pytest.mark.parametrize("name", POD_RANGES)
    def test_each_cluster_is_one_node_of_a_pinned_version(self, first_run: Run, name: str) -> None:
        machine, _ = first_run
        (create,) = machine.calls_of(f"k3d cluster create {name} ")
        for option in (
            "--image rancher/k3s:v1.27.4-k3s1",
            "--network faces-network",
            "--servers 1 --agents 0",
            f"--k3s-arg --cluster-cidr={POD_RANGES[name]}@server:*",
            "--k3s-arg --disable=local-storage,traefik,metrics-server@server:*",
            "--wait --timeout 300s",
            "--kubeconfig-switch-context=false",
        ):
            assert option in create

    def test_only_north_is_reached_from_outside(self, first_run: Run) -> None:
        machine, _ = first_run
        publishing = [call for call in machine.calls_of("k3d cluster create") if "-p " in call]
        assert [call.split()[3] for call in publishing] == ["north"]
        assert "-p 80:80@loadbalancer -p 443:443@loadbalancer" in publishing[0]

    def test_the_kubernetes_version_can_be_chosen(self, machine: Machine) -> None:
        machine.run(SCRIPT, K3S_IMAGE="rancher/k3s:v1.28.9-k3s1")

        for create in machine.calls_of("k3d cluster create"):
            assert "--image rancher/k3s:v1.28.9-k3s1" in create

    def test_it_says_what_it_does_and_nothing_else(self, first_run: Run) -> None:
        _, result = first_run
        assert all(line.startswith("==> ") for line in result.stdout.splitlines())
        assert result.stdout.endswith("==> done; next: bash setup-demo.sh\n")

    def test_docker_exec_asks_for_no_terminal(self, first_run: Run) -> None:
        machine, _ = first_run
        assert not [call for call in machine.calls_of("docker exec") if " -" in call]


class TestRunningAgain:
    def test_old_clusters_and_their_renamed_contexts_go_first(self, machine: Machine) -> None:
        machine.run(SCRIPT)
        machine.forget_calls()
        result = machine.run(SCRIPT)

        assert result.returncode == 0, result.stdout
        changes = machine.calls_of(
            "k3d cluster create",
            "k3d cluster delete",
            "kubectl config delete-context",
            "docker network create",
        )
        assert [call.split(" --")[0] for call in changes] == [
            "kubectl config delete-context north",
            "k3d cluster delete north",
            "kubectl config delete-context east",
            "k3d cluster delete east",
            "kubectl config delete-context west",
            "k3d cluster delete west",
            "k3d cluster create north",
            "k3d cluster create east",
            "k3d cluster create west",
        ]
        assert contexts(machine) == OURS

    def test_contexts_that_outlived_their_clusters_are_replaced(self, machine: Machine) -> None:
        machine.kubectl_config("set-context", "east", "--cluster=k3d-east")
        result = machine.run(SCRIPT)

        assert result.returncode == 0, result.stdout
        assert contexts(machine) == OURS

    def test_somebody_elses_context_is_left_alone_and_nothing_is_begun(
        self, machine: Machine
    ) -> None:
        machine.kubectl_config("set-context", "west", "--cluster=production")
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        assert "'west' belongs to another cluster, 'production'" in result.stdout
        assert "kubectl config rename-context west my-west" in result.stdout
        assert contexts(machine) == {"west": "production"}
        assert machine.calls_of("k3d cluster delete", "k3d cluster create") == []

    def test_other_contexts_and_the_current_one_stay(self, machine: Machine) -> None:
        machine.kubectl_config("set-context", "work", "--cluster=office")
        machine.kubectl_config("use-context", "work")
        machine.run(SCRIPT)

        assert contexts(machine) == {**OURS, "work": "office"}
        assert machine.kubectl_config("current-context") == "work\n"


class TestRoutes:
    def test_they_can_be_set_again_by_themselves(self, created: Machine) -> None:
        result = created.run(SCRIPT, "routes")

        assert result.returncode == 0, result.stdout
        assert created.calls_of("docker exec") == routes()
        assert (
            created.calls_of("k3d", "kubectl config set", "kubectl config use", "docker network")
            == []
        )

    def test_they_follow_the_addresses_that_the_nodes_have_now(self, created: Machine) -> None:
        created.answer("kubectl --context north *get node *InternalIP*", "172.18.0.5")
        created.answer("kubectl --context east *get node *InternalIP*", "172.18.0.3")
        result = created.run(SCRIPT, "routes")

        assert created.calls_of("docker exec") == routes(
            {"north": "172.18.0.5", "east": "172.18.0.3", "west": "172.18.0.7"}
        )
        assert "bash setup-demo.sh" in result.stdout.splitlines()[-1]

    def test_a_route_that_cannot_be_set_ends_it(self, created: Machine) -> None:
        created.answer("docker exec k3d-east*", "RTNETLINK answers: Network is unreachable\n", 2)
        result = created.run(SCRIPT, "routes")

        assert result.returncode == 1
        assert "RTNETLINK answers: Network is unreachable" in result.stdout
        assert "error: east: this command failed: docker exec k3d-east-server-0" in result.stdout
        assert not created.calls_of("docker exec k3d-west")

    def test_a_context_of_another_cluster_is_named_at_once(self, created: Machine) -> None:
        created.kubectl_config("set-context", "west", "--cluster=production")
        result = created.run(SCRIPT, "routes")

        assert result.returncode == 1
        assert "'west' belongs to another cluster, 'production'" in result.stdout
        assert created.calls_of("sleep", "docker exec", "kubectl --context") == []

    def test_a_missing_context_is_named_at_once(self, created: Machine) -> None:
        created.kubectl_config("delete-context", "east")
        result = created.run(SCRIPT, "routes")

        assert result.returncode == 1
        assert "there is no kubectl context 'east'\n  hint: create the clusters" in result.stdout
        assert created.calls_of("sleep", "docker exec", "kubectl --context") == []


class TestWaiting:
    def test_a_node_that_is_not_ready_is_asked_again(self, created: Machine) -> None:
        created.act("sleep*", 'touch "$STATE/slept"')
        created.act(
            "'kubectl --context east '*podCIDR*",
            'test ! -e "$STATE/slept" || echo 10.23.1.0/24',
        )
        result = created.run(SCRIPT, "routes")

        assert result.returncode == 0, result.stdout
        assert created.calls_of("sleep") == ["sleep 1"]
        assert created.calls_of("docker exec") == routes()

    def test_a_node_that_never_gets_ready_ends_it_within_the_bound(self, machine: Machine) -> None:
        machine.answer(
            "kubectl --context west *get node *",
            "The connection to the server was refused\n",
            1,
        )
        result = machine.run(SCRIPT, WAIT_SECONDS="0")

        assert result.returncode == 1
        assert "The connection to the server was refused" in result.stdout
        assert "waited 0 seconds in vain: west: the node has a pod range" in result.stdout
        assert "WAIT_SECONDS=900" in result.stdout
        assert machine.calls_of("docker exec") == []

    def test_a_node_without_an_address_is_not_ready(self, machine: Machine) -> None:
        machine.answer("kubectl --context west *get node *InternalIP*", "")
        result = machine.run(SCRIPT, WAIT_SECONDS="0")

        assert result.returncode == 1
        assert machine.calls_of("docker exec") == []


class TestFailing:
    def test_all_missing_tools_are_named_at_once(self, machine: Machine) -> None:
        machine.remove("docker", "k3d", "kubectl")
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        for tool, place in (
            ("docker", "https://docs.docker.com/get-docker/"),
            ("k3d", "https://k3d.io"),
            ("kubectl", "https://kubernetes.io/docs/tasks/tools/"),
        ):
            assert f"  {tool}: {place}" in result.stdout
        assert machine.calls == []

    def test_a_tool_that_is_there_is_not_named(self, machine: Machine) -> None:
        machine.remove("k3d")
        result = machine.run(SCRIPT)

        assert "  k3d: " in result.stdout
        assert "  docker: " not in result.stdout

    def test_docker_that_does_not_run_is_told_apart_from_docker_that_is_missing(
        self, machine: Machine
    ) -> None:
        machine.answer("docker info", "Cannot connect to the Docker daemon\n", 1)
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        assert "Docker is installed but does not answer" in result.stdout
        assert machine.calls == ["docker info"]

    def test_a_cluster_that_cannot_be_made_ends_it_with_the_reason(self, machine: Machine) -> None:
        machine.answer("k3d cluster create north *", "port is already allocated\n", 1)
        result = machine.run(SCRIPT)

        assert result.returncode == 1
        assert "port is already allocated" in result.stdout
        assert "error: north: this command failed: k3d cluster create north" in result.stdout
        assert machine.calls_of("k3d cluster create east", "docker exec") == []

    @pytest.mark.parametrize("arguments", [("rout",), ("routes", "north")])
    def test_a_wrong_command_line_does_nothing(
        self, machine: Machine, arguments: tuple[str, ...]
    ) -> None:
        result = machine.run(SCRIPT, *arguments)

        assert result.returncode == 1
        assert "create-clusters.sh --help" in result.stdout
        assert machine.calls == []


def test_delete_leaves_nothing_behind(machine: Machine) -> None:
    machine.run(SCRIPT)
    result = machine.run(SCRIPT, "delete")

    assert result.returncode == 0, result.stdout
    assert contexts(machine) == {}
    assert list((machine.root / "state").iterdir()) == []


def test_delete_of_nothing_is_no_failure(machine: Machine) -> None:
    assert machine.run(SCRIPT, "delete").returncode == 0


def test_help_needs_no_tools(machine: Machine) -> None:
    machine.remove("docker", "k3d", "kubectl")
    result = machine.run(SCRIPT, "--help")

    assert result.returncode == 0
    assert "routes" in result.stdout
    assert "WAIT_SECONDS" in result.stdout
