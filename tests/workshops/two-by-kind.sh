#!/usr/bin/env bash
# Two clusters by kind, named in a loop that only the shell can read.
#@SHOW
for cluster in blue green; do kind create cluster --name "$cluster"; done
kind get clusters
for cluster in blue green; do kubectl --context "kind-$cluster" create configmap who --from-literal name="$cluster"; done
## meshpeek: expect /^blue$/
kubectl --context kind-blue get configmap who -o jsonpath='{.data.name}{"\n"}'
kubectl config use-context kind-green
## meshpeek: expect /^green$/
kubectl get configmap who -o jsonpath='{.data.name}{"\n"}'
kind delete cluster --name blue
## meshpeek: expect /^green$/
kind get clusters
