#!/bin/sh
# less, more, most: print. Options, `+F` and the like are about a screen, and are left out.
options=yes
for argument; do
    shift
    case $options$argument in
    yes--) options= ;;
    yes-?* | yes+*) ;;
    *) set -- "$@" "$argument" ;;
    esac
done
exec cat -- "$@"
