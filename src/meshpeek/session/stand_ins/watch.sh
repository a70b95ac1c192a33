#!/bin/sh
# watch: one round. Its options are those of procps-ng 4; a command's own options stay its own.
exec_directly=
while [ $# -gt 0 ]; do
    case $1 in
    --) shift && break ;;
    -n | -q | -s | --interval | --equexit | --shotsdir) shift ;;
    -x | --exec) exec_directly=yes ;;
    -*) ;;
    *) break ;;
    esac
    shift
done
if [ $# -eq 0 ]; then
    echo "watch: nobody is there to watch, and no command is given" >&2
    exit 1
fi
if [ "$exec_directly" ]; then exec "$@"; fi
exec sh -c "$*"
