# What the session's bash reads before the first step: the few functions that begin and end a
# step. Everything here starts with __meshpeek_, so that a workshop cannot meet it by accident;
# `builtin` everywhere, because a workshop may define a function named printf.
#
# Markers go to /dev/tty and not to stdout, which a step may have redirected or closed. They
# carry a token that only the line being run knows, between record separators (octal 036).

# begin TOKEN STATUS: mark where a step's output begins; give the prompts back to the workshop;
# leave STATUS, that of the step before, in $?.
__meshpeek_begin() {
    __meshpeek_ended= __meshpeek_number=${1##*.}
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

# save NAME: write down what a fresh shell needs to go on where this one stopped. It runs while
# meshpeek deals with the step's end, so it delays nothing. The last line tells a whole file
# from one that was cut off, and which step's end it is from.
__meshpeek_save() {
    __meshpeek_options=$SHELLOPTS __meshpeek_shopts=$BASHOPTS
    __meshpeek_directory=$PWD __meshpeek_previous=${OLDPWD-}
    {
        builtin declare -p
        builtin declare -f
        builtin declare -Fx
        builtin alias -p
        builtin trap -p
        builtin umask -p
        builtin printf '# complete %s\n' "$__meshpeek_number"
    } >|"$__meshpeek_directory_of_state/$1"
    __meshpeek_export
}

# Export the variables that are new since the last time: demosh keeps a workshop's variables in
# its environment, and workshops count on programs seeing them. An array cannot be exported, and
# an exported COLUMNS would hide a change of the window's size from programs.
__meshpeek_export() {
    local __meshpeek_name __meshpeek_now IFS=$'\n'
    builtin compgen -v >|"$__meshpeek_directory_of_state/names"
    builtin read -r -d '' __meshpeek_now <"$__meshpeek_directory_of_state/names" || :
    if [[ ${__meshpeek_names-} && $__meshpeek_names != "$__meshpeek_now" ]]; then
        for __meshpeek_name in $__meshpeek_now; do
            case $IFS$__meshpeek_names$IFS in *"$IFS$__meshpeek_name$IFS"*) continue ;; esac
            case $__meshpeek_name in
                COLUMNS | LINES | __meshpeek_*) ;;
                *) builtin export "$__meshpeek_name" || : ;;
            esac
        done
    fi
    __meshpeek_names=$__meshpeek_now
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

PS1=
unset HISTFILE MAILCHECK PROMPT_COMMAND
set +o history +o histexpand
trap '__meshpeek_save exit' EXIT

if [[ $MESHPEEK_RESTORE ]]; then
    # bash refuses to set its own read-only variables again, and says so for each.
    { source "$MESHPEEK_RESTORE"; } >/dev/null 2>&1
    builtin cd -- "$__meshpeek_directory"
    if [[ $__meshpeek_previous ]]; then
        OLDPWD=$__meshpeek_previous
    else
        builtin unset OLDPWD
        builtin export OLDPWD # as in a bash that has not changed its directory yet
    fi
    __meshpeek_restore_options "$__meshpeek_options" "$__meshpeek_shopts" 2>/dev/null
fi

__meshpeek_directory_of_state=$MESHPEEK_STATE
[[ $MESHPEEK_NAME ]] && BASH_ARGV0=$MESHPEEK_NAME
unset MESHPEEK_STATE MESHPEEK_RESTORE MESHPEEK_NAME
__meshpeek_hide_prompts
__meshpeek_ended=yes
__meshpeek_export
