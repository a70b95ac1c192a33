#!/bin/sh
# vi and its like, called by name: what the step's `editor` or `patch` annotation says. Without a
# screen an editor works as well when it is told what to do (vim -es, emacs --batch): that is the
# real one's work.
name=${0##*/}
for argument; do
    case $argument in
    --version | --help | -es | -Es | -e | -E | --batch | -batch | --headless)
        here=${0%/*}
        PATH=${PATH#"$here":}
        if command -v "$name" >/dev/null; then exec "$name" "$@"; fi
        echo "$name: not found" >&2
        exit 127
        ;;
    esac
done
exec "$MESHPEEK_EDITOR" "$@"
