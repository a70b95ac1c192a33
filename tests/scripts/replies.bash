# How a healthy machine answers. What exists is a file in $STATE. Sourced with $call, the whole
# command line, and $input, what was piped in; a test's own answers come before these.
name_after() { # the word after $1 in the call
    local rest=${call#*"$1 "}
    printf '%s' "${rest%% *}"
}

case $call in
    "kubectl config "*)
        exec "$REAL_KUBECTL" "$@"
        ;;
    "k3d cluster get "*)
        test -e "$STATE/cluster-$3"
        ;;
    "k3d cluster create "*)
        touch "$STATE/cluster-$3"
        "$REAL_KUBECTL" config set-context "k3d-$3" --cluster="k3d-$3"
        ;;
    "k3d cluster delete "*)
        rm "$STATE/cluster-$3"
        ;;
    "docker network inspect "*)
        test -e "$STATE/network-$3"
        ;;
    "docker network create "*)
        touch "$STATE/network-$3"
        ;;
    "docker network rm "*)
        rm "$STATE/network-$3"
        ;;
    "kubectl --context "*" get node "*podCIDR*)
        case $2 in north) echo 10.23.0.0/24 ;; east) echo 10.23.1.0/24 ;; west) echo 10.23.2.0/24 ;; esac
        ;;
    "kubectl --context "*" get node "*InternalIP*)
        case $2 in north) echo 172.18.0.3 ;; east) echo 172.18.0.5 ;; west) echo 172.18.0.7 ;; esac
        ;;
    "linkerd version "*)
        echo stable-2.14.10
        ;;
    "linkerd --context "*" install --identity"*)
        cp "$(name_after --identity-trust-anchors-file)" "$STATE/anchor-$2"
        echo "$call"
        ;;
    "kubectl --context "*" get deployment linkerd-proxy-injector")
        test -e "$STATE/anchor-$2"
        ;;
    "kubectl --context "*" get configmap linkerd-identity-trust-roots "*)
        cat "$STATE/anchor-$2"
        ;;
    "linkerd --context "*" multicluster link "*)
        touch "$STATE/link-$2"
        echo "$call"
        ;;
    "kubectl --context north -n linkerd-multicluster get link "*)
        test -e "$STATE/link-$7"
        ;;
    "linkerd --context "*" check "*) ;;
    "linkerd --context "*)
        echo "$call"
        ;;
    "curl "*getambassador*)
        echo "${call##*/}: replicas: 3"
        ;;
    "step certificate needs-renewal "*)
        test -e "$STATE/expired"
        ;;
    "step certificate create "*)
        echo "certificate of $3" >"$4"
        echo "key of $3" >"$5"
        ;;
esac
