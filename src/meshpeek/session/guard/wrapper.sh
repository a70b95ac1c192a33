#!/bin/sh
# @TOOL@ of a session: the real one, with the session's kubeconfig and nothing else.
__meshpeek_refuse() {
    printf 'error: %s\n  hint: %s\n' "@TOOL@: $1: commands reach only "@CONTEXTS@ "$2" >&2
    exit 1
}

__meshpeek_refuse_option() {
    __meshpeek_refuse "\`$1\` is refused" "leave it out, and name a cluster with \`@CONTEXT_OPTION@\`"
}

if [ "${KUBECONFIG-}" != @KUBECONFIG@ ]; then
    __meshpeek_refuse "KUBECONFIG is ${KUBECONFIG:-unset}, which is not the session's" \
        "leave KUBECONFIG as it is, and name a cluster with \`@CONTEXT_OPTION@\`"
fi
@ENVIRONMENT@
if [ ! -f @KUBECONFIG@ ]; then
    __meshpeek_refuse "the session's kubeconfig is gone" "do not remove the file that KUBECONFIG names"
fi
# What meshpeek has seen is as old as the stamp.
# shellcheck disable=SC3013  # every sh has -nt
if [ @KUBECONFIG@ -nt @STAMP@ ]; then
    if ! __meshpeek_fault=$(@COMPARE@ </dev/null 2>/dev/null); then
        __meshpeek_refuse "the session's kubeconfig ${__meshpeek_fault:-cannot be compared}" \
            "leave the clusters and users in it as they are"
    fi
fi
case ${1-} in
@LOCAL_COMMANDS@) ;; # talks to no cluster
*)
    __meshpeek_option=
    for __meshpeek_word; do
        case $__meshpeek_option$__meshpeek_word in
        --kubeconfig) __meshpeek_option=--kubeconfig= ;;
        --kubeconfig=@KUBECONFIG@) __meshpeek_option= ;;
        --kubeconfig=*) __meshpeek_refuse_option --kubeconfig ;;
        @OPTIONS@) __meshpeek_refuse_option "${__meshpeek_word%%=*}" ;;
        --) break ;;
        esac
    done
    ;;
esac
exec @PROGRAM@ "$@"
