#!/usr/bin/env bash
# Creates the workshop's three k3d clusters on one flat network: a pod in any of them reaches a pod
# in any other by its address. setup-demo.sh then installs everything else, and uses the functions
# of this file.
set -euo pipefail

CLUSTERS="north east west"
NETWORK=faces-network
# Linkerd 2.14 supports Kubernetes 1.21 to 1.28; k3d's own default is newer.
K3S_IMAGE=${K3S_IMAGE:-rancher/k3s:v1.27.4-k3s1}
WAIT_SECONDS=${WAIT_SECONDS:-300}

print_create_help() {
    cat <<EOF
usage: create-clusters.sh [create | routes | delete]

  create   create the k3d clusters $CLUSTERS, anew if they exist (the default)
  routes   set the routes between the clusters' nodes again; needed after Docker or the
           machine was restarted, since the routes live in the node containers
  delete   delete the clusters, their kubectl contexts and their network

environment:
  K3S_IMAGE      the Kubernetes to run (now $K3S_IMAGE)
  WAIT_SECONDS   how long anything may take to become ready (now $WAIT_SECONDS)

Uses the ports 80 and 443 of this machine. Next: bash setup-demo.sh
EOF
}

say() {
    printf '==> %s\n' "$*"
}

fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  hint: %s\n' "$@" >&2
    exit 1
}

# require_tools 'NAME: WHERE TO GET IT'... names all that are missing at once.
require_tools() {
    local entry missing=""
    for entry in "$@"; do
        command -v "${entry%%:*}" >/dev/null 2>&1 || missing="$missing  $entry
"
    done
    [ -z "$missing" ] || fail "these tools are missing; install them and start again:
${missing%?}"
}

# run_quietly WHAT COMMAND... shows the command's output only if it fails.
run_quietly() {
    local what=$1 output
    shift
    if ! output=$("$@" 2>&1 </dev/null); then
        printf '%s\n' "$output" >&2
        fail "$what: this command failed: $*"
    fi
}

# wait_until WHAT COMMAND... repeats the command until it succeeds; shows what it said last if not.
wait_until() {
    local what=$1 deadline=$((SECONDS + WAIT_SECONDS)) output
    shift
    until output=$("$@" 2>&1 </dev/null); do
        if [ "$SECONDS" -ge "$deadline" ]; then
            [ -z "$output" ] || printf '%s\n' "$output" >&2
            fail "waited $WAIT_SECONDS seconds in vain: $what" \
                "if the machine is only slow, allow more: WAIT_SECONDS=900 bash $0"
        fi
        sleep 1
    done
}

read_node() {
    kubectl --context "$1" --request-timeout=10s get node "k3d-$1-server-0" -o "jsonpath=$2"
}

read_pod_range() {
    read_node "$1" '{.spec.podCIDR}'
}

read_node_address() {
    read_node "$1" '{.status.addresses[?(@.type=="InternalIP")].address}'
}

node_is_known() {
    local pod_range address
    pod_range=$(read_pod_range "$1") && address=$(read_node_address "$1") &&
        [ -n "$pod_range" ] && [ -n "$address" ]
}

require_docker() {
    docker info >/dev/null 2>&1 || fail "Docker is installed but does not answer" \
        "start it, and see to it that 'docker info' works for you"
}

read_context_cluster() {
    # A JSONPath filter would be an error where there are no contexts at all.
    kubectl config view -o 'jsonpath={range .contexts[*]}{.name}={.context.cluster}{"\n"}{end}' |
        sed -n "s/^$1=//p"
}

# A context called north may well be somebody's own: only ours are ever replaced, or asked.
require_own_contexts() {
    local name cluster
    for name in $CLUSTERS; do
        cluster=$(read_context_cluster "$name")
        [ -z "$cluster" ] || [ "$cluster" = "k3d-$name" ] ||
            fail "the kubectl context '$name' belongs to another cluster, '$cluster'" \
                "give it another name: kubectl config rename-context $name my-$name"
    done
}

# k3d leaves a context behind that was renamed, and the next rename would fail because of it.
delete_cluster() {
    if [ -n "$(read_context_cluster "$1")" ]; then
        run_quietly "$1" kubectl config delete-context "$1"
    fi
    if k3d cluster get "$1" >/dev/null 2>&1; then
        say "$1: deleting the cluster"
        run_quietly "$1" k3d cluster delete "$1"
    fi
}

# Made beforehand, since a network that k3d makes belongs to the first of its clusters.
create_network() {
    if ! docker network inspect "$NETWORK" >/dev/null 2>&1; then
        say "creating the network $NETWORK"
        run_quietly "$NETWORK" docker network create "$NETWORK"
    fi
}

# create_cluster NAME POD_RANGE [k3d option...]
create_cluster() {
    local name=$1 pod_range=$2
    shift 2
    say "$name: creating the cluster"
    run_quietly "$name" k3d cluster create "$name" \
        --image "$K3S_IMAGE" --network "$NETWORK" --servers 1 --agents 0 \
        --kubeconfig-switch-context=false --wait --timeout "${WAIT_SECONDS}s" \
        --k3s-arg '--disable=local-storage,traefik,metrics-server@server:*' \
        --k3s-arg "--cluster-cidr=$pod_range@server:*" "$@"
    run_quietly "$name" kubectl config rename-context "k3d-$name" "$name"
}

set_routes() {
    local name peer pod_range address
    for name in $CLUSTERS; do
        wait_until "$name: the node has a pod range and an address" node_is_known "$name"
    done
    for name in $CLUSTERS; do
        for peer in $CLUSTERS; do
            [ "$name" != "$peer" ] || continue
            pod_range=$(read_pod_range "$peer")
            address=$(read_node_address "$peer")
            say "$name: route to the pods of $peer, $pod_range via $address"
            run_quietly "$name" docker exec "k3d-$name-server-0" \
                ip route replace "$pod_range" via "$address"
        done
    done
}

create_clusters() {
    local name
    require_own_contexts
    for name in $CLUSTERS; do delete_cluster "$name"; done
    create_network
    # Emissary in north serves the page; no other cluster is reached from outside.
    create_cluster north 10.23.0.0/24 -p '80:80@loadbalancer' -p '443:443@loadbalancer'
    create_cluster east 10.23.1.0/24
    create_cluster west 10.23.2.0/24
    set_routes
    say "done; next: bash setup-demo.sh"
}

# Without the right context, waiting for a node would end minutes later with a wrong reason.
require_contexts() {
    local name
    require_own_contexts
    for name in $CLUSTERS; do
        [ -n "$(read_context_cluster "$name")" ] ||
            fail "there is no kubectl context '$name'" "create the clusters: bash create-clusters.sh"
    done
}

restore_routes() {
    require_contexts
    set_routes
    say "done; if a node's address is not what it was, link the clusters again: bash setup-demo.sh"
}

delete_clusters() {
    local name
    require_own_contexts
    for name in $CLUSTERS; do delete_cluster "$name"; done
    if docker network inspect "$NETWORK" >/dev/null 2>&1; then
        run_quietly "$NETWORK" docker network rm "$NETWORK"
    fi
    say "done"
}

create_clusters_main() {
    local action
    [ $# -le 1 ] || fail "too many arguments: $*" "see: create-clusters.sh --help"
    case ${1:-create} in
        create) action=create_clusters ;;
        routes) action=restore_routes ;;
        delete) action=delete_clusters ;;
        -h | --help) print_create_help && return ;;
        *) fail "unknown argument: $1" "see: create-clusters.sh --help" ;;
    esac
    require_tools \
        "docker: https://docs.docker.com/get-docker/ (on a Mac rather OrbStack, https://orbstack.dev)" \
        "k3d: https://k3d.io (5.6 or newer)" \
        "kubectl: https://kubernetes.io/docs/tasks/tools/"
    require_docker
    "$action"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    create_clusters_main "$@"
fi
