#!/bin/sh
# Names the pages of the rehearsal; with --open, and a display to show them on, opens them the
# first time. The file `pages` has a line for each: its title, a tab, its URL.
folder=${0%/*}/..
opener=
if [ "$1" = --open ] && [ ! -e "$folder/pages-opened" ]; then
    if [ "$(uname)" = Darwin ]; then
        opener=open
    elif [ -n "$DISPLAY$WAYLAND_DISPLAY" ] && command -v xdg-open >/dev/null; then
        opener='setsid xdg-open'
    fi
fi
[ -z "$opener" ] || : >"$folder/pages-opened"
while IFS='	' read -r title url; do
    echo "$title: $url"
    if [ -n "$opener" ]; then
        # The browser is its user's: it is none of the processes that end with the session.
        env -u MESHPEEK_SESSION $opener "$url" </dev/null >/dev/null 2>&1 &
    fi
done <"$folder/pages"
