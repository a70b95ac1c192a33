# What the room looks at, for a test to look at: workshop.md imports it.

# In a rehearsal: what the page gets for forty cells, each kind of answer once. Elsewhere nothing.
cells_of_the_page() {
  [ "${MESHPEEK_FACES-}" ] || return 0
  local place=${MESHPEEK_FACES#http://} host line
  host="${place%%/*}"  # quoted: demosh takes a line that ends in a brace for the end
  for _ in {1..40}; do
    exec 5<>"/dev/tcp/${host%:*}/${host##*:}" || return
    printf 'GET /%scell HTTP/1.0\r\nHost: %s\r\n\r\n' "${place#*/}" "$host" >&5
    while read -r line || [ "$line" ]; do case $line in '{'*) echo "$line" ;; esac; done <&5
    exec 5>&-
  done | sed 's/"status":200,"milliseconds":[0-9.]*/"status":200/g; s/"pod":"[^"]*",//g' |
    grep -oE '"service":"(face","status":[0-9]+|(color|smiley)"[^{]*"body":.[^}]*)' | sort -u
}

# What the ingress makes of the page's requests.
paths_of_the_ingress() {
  kubectl --context north get mappings.getambassador.io -n faces \
    -o jsonpath='{range .items[*]}{.spec.prefix} {.spec.service}{"\n"}{end}'
}

# Whether a route holds, and for which Service.
state_of_route() {
  kubectl --context north get httproute.policy.linkerd.io "$1" -n faces -o \
    jsonpath='{range .status.parents[*]}{.parentRef.name} {.conditions[*].reason}{"\n"}{end}'
}
