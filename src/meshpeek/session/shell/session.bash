# What the session's bash reads before the first step: the few functions that begin and end a
# step. Everything here starts with __meshpeek_, so that a workshop cannot meet it by accident;
# `builtin` everywhere, because a workshop may define a function named printf.
#
# Markers go to /dev/tty and not to stdout, which a step may have redirected or closed. They
# carry a token that only the line being run knows, between record separators (octal 036).

PS1=
unset HISTFILE MAILCHECK PROMPT_COMMAND
set +o history +o histexpand
trap '__meshpeek_state "$__meshpeek_token" >|"$__meshpeek_session/exit"' EXIT

if [[ $MESHPEEK_RESTORE ]]; then
    # bash refuses to set its own read-only variables again, and says so for each. Our functions come
    # after this, without aliases: a state has those of the bash that wrote it, which prints `1<>` as
    # `<>`.
    { source "$MESHPEEK_RESTORE"; } >/dev/null 2>&1
    builtin shopt -u expand_aliases
fi

# begin TOKEN STATUS: mark where a step's output begins; give the prompts back to the workshop;
# leave STATUS, that of the step before, in $?.
__meshpeek_begin() {
    __meshpeek_ended= __meshpeek_token=$1
    PS0=$__meshpeek_ps0 PS1=$__meshpeek_ps1
    if [[ ${__meshpeek_prompt_command+set} ]]; then
        PROMPT_COMMAND=("${__meshpeek_prompt_command[@]}")
    fi
    builtin printf '\036%s\036' "$1" >/dev/tty
    return "$2"
}

# trace STATUS: go on with the workshop's `set -x`, which the line that runs a step suspends.
__meshpeek_trace() {
    builtin set -x
    return "$1"
}

# end TOKEN STATUS PIPESTATUS…: mark where it ends, unless that has been done: a step's text
# ends with this, and the line after it repeats it for a step that was interrupted.
__meshpeek_end() {
    [[ $__meshpeek_ended ]] && return 0
    # Opened like this, a FIFO does not make us wait for a reader, who may be gone for good.
    __meshpeek_state "$1" 1<>"$__meshpeek_session/states"
    # Not joined by a local IFS: a bash that is killed here would write that down.
    builtin printf -v __meshpeek_statuses '%s ' "${@:2}"
    builtin printf '\036%s:%s:%s\036' "$1" "$-" "$__meshpeek_statuses" >/dev/tty
    __meshpeek_ended=yes
    __meshpeek_hide_prompts
    return 0
}

# A prompt printed between two steps would look like output of the second.
__meshpeek_hide_prompts() {
    __meshpeek_ps0=${PS0-} __meshpeek_ps1=${PS1-}
    PS0= PS1= PS2=
    if [[ ${PROMPT_COMMAND+set} ]]; then
        __meshpeek_prompt_command=("${PROMPT_COMMAND[@]}")
        unset PROMPT_COMMAND
    else
        unset __meshpeek_prompt_command
    fi
    return 0
}

# state TOKEN: print what a fresh shell needs to go on where this one stopped. The first and the last
# line tell a whole state from one that was broken off, and which step's end it is from.
__meshpeek_state() {
    __meshpeek_options=$SHELLOPTS __meshpeek_shopts=$BASHOPTS
    __meshpeek_directory=$PWD __meshpeek_previous=${OLDPWD-}
    builtin printf '# state %s\n' "$1"
    builtin declare -p
    # Our own functions are always there; spelling them out takes longer than looking for others.
    if builtin compgen -P '# ' -A function -X '__meshpeek_*'; then
        builtin declare -f
        builtin declare -Fx
    fi
    builtin alias -p
    builtin trap -p
    builtin umask -p
    builtin printf '# complete %s\n' "$1"
    return 0
}

# restore_options ON ALL SETTER…: SETTER -o and +o (set) or -s and -u (shopt) for each of ALL.
__meshpeek_restore_options() {
    local option IFS=:
    for option in $SHELLOPTS; do
        [[ :$1:monitor: == *":$option:"* ]] || builtin set +o "$option"
    done
    for option in $1; do
        case $option in
            emacs | vi) ;; # or bash would read its commands as a line editor does, with echo
            *) builtin set -o "$option" ;;
        esac
    done
    for option in $BASHOPTS; do
        [[ :$2: == *":$option:"* ]] || builtin shopt -u "$option"
    done
    for option in $2; do builtin shopt -s "$option"; done
    return 0
}

if [[ $MESHPEEK_RESTORE ]]; then
    builtin cd -- "$__meshpeek_directory"
    if [[ $__meshpeek_previous ]]; then
        OLDPWD=$__meshpeek_previous
    else
        builtin unset OLDPWD
        builtin export OLDPWD # as in a bash that has not changed its directory yet
    fi
    __meshpeek_restore_options "$__meshpeek_options" "$__meshpeek_shopts" 2>/dev/null
fi

__meshpeek_session=$MESHPEEK_DIRECTORY
[[ $MESHPEEK_NAME ]] && BASH_ARGV0=$MESHPEEK_NAME
unset MESHPEEK_DIRECTORY MESHPEEK_RESTORE MESHPEEK_NAME
__meshpeek_hide_prompts
__meshpeek_ended=yes
