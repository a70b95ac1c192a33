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
# Options are about a screen, and are left out; these take the next word along.
case $name in
vi | vim | nvim) with_value=' -c --cmd -S -s -u -U -i -T -w -W -t -q ' ;;
nano) with_value=' -T -r -Y -X -Q -o -s -C -J ' ;;
emacs) with_value=' -l --load -f --funcall --eval -eval --execute -u --user -d --display -t ' ;;
*) with_value=' --user-data-dir --extensions-dir --profile --locale --add ' ;;
esac
options=yes value=
for argument; do
    shift
    if [ "$value" ]; then
        value=
        continue
    fi
    case $options$argument in
    yes--) options= ;;
    yes-?* | yes+*)
        case $with_value in *" $argument "*) value=yes ;; esac
        ;;
    *)
        if [ "$name" = code ]; then argument=${argument%%:[0-9]*}; fi
        set -- "$@" "$argument"
        ;;
    esac
done
exec "$MESHPEEK_EDITOR" -- "$@"
