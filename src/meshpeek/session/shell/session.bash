# What the session's bash reads before the first step: the few functions that begin and end a
# step. Everything here starts with __meshpeek_, so that a workshop cannot meet it by accident;
# `builtin` everywhere, because a workshop may define a function named printf.
#
# Markers go to /dev/tty and not to stdout, which a step may have redirected or closed. They
# carry a token, which no variable holds, and the step's number, between record separators (octal 036).

# A step may change whatever a step can: aliases, options, traps, what is enabled, what is read-only. So
# each function stands on its own (FUNCNEST=1), assigns the workshop's variables with `printf -v`, which
# survives that they are read-only, and if bash cannot do its part all the same, the marker or the state
# is missing: then the shell is replaced.

PS1=
unset HISTFILE MAILCHECK PROMPT_COMMAND
set +o history +o histexpand
trap '{ \__meshpeek_end "$__meshpeek_number" "=$(\builtin trap -p DEBUG ERR RETURN)"; } >/dev/null 2>&1' EXIT

if [[ $MESHPEEK_RESTORE ]]; then
    # bash refuses to set its own read-only variables again, and says so for each. Our functions come
    # after this, without aliases: a state has those of the bash that wrote it, which prints `1<>` as
    # `<>`.
    { source "$MESHPEEK_RESTORE"; } >/dev/null 2>&1
    \builtin shopt -u expand_aliases
fi

# begin TOKEN.NUMBER STATUS BUILTIN…: mark where a step's output begins; give the workshop back its prompts,
# `set -x` and `set -v`, and without these builtins; leave STATUS, that of the step before, in $?.
__meshpeek_begin() {
    __meshpeek_ended= __meshpeek_number=${1##*.}
    builtin printf -v PS0 %s "$__meshpeek_ps0"
    builtin printf -v PS1 %s "$__meshpeek_ps1"
    if [[ ${__meshpeek_prompt_command+set} && ! ${PROMPT_COMMAND+set} ]]; then
        PROMPT_COMMAND=("${__meshpeek_prompt_command[@]}")
    fi
    builtin printf '\036%s\036' "$1" >/dev/tty
    if [[ $__meshpeek_suspended ]]; then builtin set "-$__meshpeek_suspended"; fi
    if (($# > 2)); then builtin enable -n "${@:3}"; fi
    builtin return "$2"
}

# filter_debug: have a DEBUG trap that this step sets not see our own commands, unless it decides which
# commands run (extdebug). They are known by their names, or those of the functions that they are in.
__meshpeek_filter_debug() {
    ! builtin declare -F trap || builtin return 0
    __meshpeek_filters=yes
    trap() {
        __meshpeek_trap "$@"
    }
    builtin declare -ft trap __meshpeek_trap # or they could not take back a trap
}

__meshpeek_trap() {
    __meshpeek_arguments=("$@")
    if [[ ${__meshpeek_arguments-} == -- ]]; then
        __meshpeek_arguments=("${@:2}")
    fi
    if [[ ${#__meshpeek_arguments[@]} -lt 2 || ${__meshpeek_arguments-} == -* || \
        " ${__meshpeek_arguments[*]:1} " != *" DEBUG "* ]]; then
        builtin trap "$@"
    else
        # shellcheck disable=SC2016  # for when the trap is run
        builtin printf -v __meshpeek_arguments '%s) ;; *) %s\n;; esac' \
            'case ${BASHOPTS##*extdebug*}/$BASH_COMMAND@${FUNCNAME-} in ?*/*__meshpeek_* | *@trap' \
            "${__meshpeek_arguments-}"
        builtin trap -- "${__meshpeek_arguments[@]}"
    fi
}

# end TOKEN.NUMBER STATUS PIPESTATUS… TRAPS: write the state that a fresh shell needs to go on from, and mark
# where a step's output ends, unless that has been done: a step's text ends with this, and the line after
# it repeats it for a step that was interrupted. TRAPS are those that functions do not see, after a `=`; what
# is known of them is still true without. Without a STATUS, bash exits: there is no reader then.
__meshpeek_end() {
    __meshpeek_sound=
    builtin printf -v __meshpeek_sound %s yes
    if [[ ! $__meshpeek_sound ]]; then
        # Something else is called `builtin`. POSIX mode finds its special builtins first.
        __meshpeek_options=$SHELLOPTS
        POSIXLY_CORRECT=
        unset -f builtin enable
        enable builtin
        [[ :$__meshpeek_options: == *:posix:* ]] || unset POSIXLY_CORRECT
    fi
    [[ $__meshpeek_ended != "${1##*.}" ]] || builtin return 0
    if [[ $__meshpeek_filters ]]; then
        __meshpeek_filters=
        builtin unset -f trap
        builtin unset __meshpeek_arguments
    fi
    if [[ ${!#} == =* ]]; then __meshpeek_traps=${!#}; fi
    __meshpeek_options=$SHELLOPTS __meshpeek_shopts=$BASHOPTS
    __meshpeek_directory=$PWD __meshpeek_previous=${OLDPWD-}
    __meshpeek_suspended=${-//[!xv]/}
    __meshpeek_ps0=${PS0-} __meshpeek_ps1=${PS1-}
    # Opened like this, a FIFO does not make us wait for a reader, who may be gone for good.
    __meshpeek_file=$__meshpeek_session/states
    (($# > 2)) || __meshpeek_file=$__meshpeek_session/exit
    {
        # The first and the last line tell a whole state from one that was broken off, and which
        # step's end it is from.
        builtin enable -n
        builtin enable builtin enable printf declare compgen alias trap umask set unset eval return
        builtin printf '# state %s\n' "${1##*.}"
        builtin unset __meshpeek_prompt_command
        if [[ ${PROMPT_COMMAND+set} ]]; then __meshpeek_prompt_command=("${PROMPT_COMMAND[@]}"); fi
        builtin declare -p
        # Our own functions are always there; spelling them out takes longer than looking for others.
        if builtin compgen -P '# ' -A function -X '__meshpeek_*'; then
            builtin declare -f
            builtin declare -Fx
        fi
        builtin alias -p
        builtin umask -p
        builtin printf '# traps\n'
        builtin trap -p
        builtin printf '# complete %s\n' "${1##*.}"
    } 1<>"$__meshpeek_file"
    (($# > 2)) || builtin return 0
    if [[ $__meshpeek_suspended ]]; then builtin set "+$__meshpeek_suspended"; fi
    if [[ $- == *t* ]]; then builtin set +t; fi # bash would end with this line
    # A prompt printed between two steps would look like output of the second.
    builtin printf -v PS0 %s ''
    builtin printf -v PS1 %s ''
    builtin printf -v PS2 %s ''
    builtin unset PROMPT_COMMAND
    # Not joined by a local IFS: a bash that is killed here would write that down.
    builtin printf -v __meshpeek_statuses '%s ' "${@:2:$#-2}"
    builtin printf '\036%s:%s\036' "$1" "$__meshpeek_statuses" >/dev/tty
    __meshpeek_ended=${1##*.}
    builtin return 0
}

__meshpeek_export() {
    builtin export "$@"
}

# load FILE: read more functions, whatever the workshop has made aliases of.
__meshpeek_load() {
    builtin local __meshpeek_aliases=-u
    if [[ :$BASHOPTS: == *:expand_aliases:* ]]; then __meshpeek_aliases=-s; fi
    builtin shopt -u expand_aliases
    builtin source "$1"
    builtin shopt "$__meshpeek_aliases" expand_aliases
}

# restore_options ON ALL: turn on these options of `set` and of `shopt`, and all others off.
__meshpeek_restore_options() {
    builtin local __meshpeek_option __meshpeek_left # IFS, and any other name, may be read-only
    __meshpeek_left=$SHELLOPTS:
    while [[ $__meshpeek_left ]]; do
        __meshpeek_option=${__meshpeek_left%%:*} __meshpeek_left=${__meshpeek_left#*:}
        [[ :$1:monitor: == *":$__meshpeek_option:"* ]] || builtin set +o "$__meshpeek_option"
    done
    __meshpeek_left=$1:
    while [[ $__meshpeek_left ]]; do
        __meshpeek_option=${__meshpeek_left%%:*} __meshpeek_left=${__meshpeek_left#*:}
        case $__meshpeek_option in
            emacs | vi) ;; # or bash would read its commands as a line editor does, with echo
            onecmd | verbose | xtrace) ;; # see `begin` and `end`
            *) builtin set -o "$__meshpeek_option" ;;
        esac
    done
    __meshpeek_left=$BASHOPTS:
    while [[ $__meshpeek_left ]]; do
        __meshpeek_option=${__meshpeek_left%%:*} __meshpeek_left=${__meshpeek_left#*:}
        [[ :$2: == *":$__meshpeek_option:"* ]] || builtin shopt -u "$__meshpeek_option"
    done
    __meshpeek_left=$2:
    while [[ $__meshpeek_left ]]; do
        __meshpeek_option=${__meshpeek_left%%:*} __meshpeek_left=${__meshpeek_left#*:}
        builtin shopt -s "$__meshpeek_option"
    done
    builtin return 0
}

[[ $MESHPEEK_RESTORE ]] || __meshpeek_suspended= __meshpeek_ps0= __meshpeek_ps1= __meshpeek_traps==
__meshpeek_number= __meshpeek_ended= __meshpeek_filters=
builtin printf -v PS0 %s ''
builtin printf -v PS1 %s ''
builtin printf -v PS2 %s ''
builtin unset PROMPT_COMMAND

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
\builtin unset MESHPEEK_DIRECTORY MESHPEEK_RESTORE MESHPEEK_NAME
\builtin eval "${__meshpeek_traps#=}" # last: the DEBUG trap sees what follows
