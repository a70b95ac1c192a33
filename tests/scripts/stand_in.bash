#!/usr/bin/env bash
# Stands in for the program it is called as: records the call, then answers with replies.bash.
# What is piped into `-f -` is read to its end first, so that a pipeline is recorded in its order.
call="${0##*/} $*"
input=""
case " $* " in *" -f - "*) input=$(cat) ;; esac
printf '%s%s\n' "$call" "${input:+ < ${input//$'\n'/; }}" >>"$CALLS"
source "$REPLIES"
