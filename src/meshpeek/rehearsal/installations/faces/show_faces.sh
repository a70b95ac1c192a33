#!/bin/sh
# Names the page of Faces; with --open, and a display to show it on, opens it the first time.
[ -n "$MESHPEEK_FACES" ] || exit 0
echo "Faces: $MESHPEEK_FACES"
[ "$1" = --open ] || exit 0

shown=${0%/*}/faces-shown
[ ! -e "$shown" ] || exit 0
if [ "$(uname)" = Darwin ]; then
    set -- open
elif [ -n "$DISPLAY$WAYLAND_DISPLAY" ] && command -v xdg-open >/dev/null; then
    set -- setsid xdg-open
else
    exit 0
fi
: >"$shown"
# The browser is its user's: it is none of the processes that end with the session.
env -u MESHPEEK_SESSION "$@" "$MESHPEEK_FACES" </dev/null >/dev/null 2>&1 &
