# What the session's bash reads when a presenter first takes it over, or edits a command: it then
# reads its lines from the terminal, with line editing, until `exit` or ^D. The jobs, variables and
# functions are the session's own, because the shell is.

# take_over: get ready for a person. `set -e` would end the session at the first typing mistake.
__meshpeek_take_over() {
    __meshpeek_errexit=
    case $- in *e*) __meshpeek_errexit=yes && builtin set +e ;; esac
    [[ ${PS1-} ]] || PS1=$__meshpeek_prompt
    PS2='> '
    exit() {
        ((BASH_SUBSHELL)) && builtin exit "$@"
        __meshpeek_give_back
    }
    builtin set -o history
    __meshpeek_unbind
    local keymap
    for keymap in emacs vi-insert; do
        builtin bind -m "$keymap" -x '"\e[9001~": __meshpeek_end_of_file'
        builtin bind -m "$keymap" '"\C-d": "\e[9001~\e[9002~"'
    done
}

# end_of_file: let ^D leave at an empty line, as it does everywhere, and not end the session.
__meshpeek_end_of_file() {
    local keymap what=delete-char
    [[ $READLINE_LINE ]] || what='"exit\C-m"'
    for keymap in emacs vi-insert; do
        builtin bind -m "$keymap" '"\e[9002~": '"$what"
    done
}

# give_back: let the show have the shell again.
__meshpeek_give_back() {
    unset -f exit
    builtin set +o history
    builtin set +o emacs +o vi
    command exec 0<>"$__meshpeek_fifo"
    [[ $PS1 != "$__meshpeek_prompt" ]] || PS1=
    PS2=
    if [[ $__meshpeek_errexit ]]; then builtin set -e; fi
    return 0
}

# edit PROMPT TEXT FILE: let a person change TEXT, of any number of lines, and write it to FILE.
# `read` itself would end at the first line end.
__meshpeek_edit() {
    local keymap line
    __meshpeek_edited=$3
    for keymap in emacs vi-insert vi-command; do
        builtin bind -m "$keymap" -x '"\e[9001~": __meshpeek_keep_line'
        builtin bind -m "$keymap" '"\e[9002~": accept-line'
        builtin bind -m "$keymap" '"\C-m": "\e[9001~\e[9002~"'
        builtin bind -m "$keymap" '"\C-j": "\e[9001~\e[9002~"'
        builtin bind -m "$keymap" '"\C-d": delete-char'
    done 2>/dev/null # without line editing, bind works and complains
    builtin read -e -r -p "$1" -i "$2" line
    __meshpeek_unbind
}

__meshpeek_keep_line() {
    builtin printf '%s' "$READLINE_LINE" >"$__meshpeek_edited"
}

__meshpeek_unbind() {
    local keymap
    for keymap in emacs vi-insert vi-command; do
        builtin bind -m "$keymap" '"\C-m": accept-line' '"\C-j": accept-line'
    done 2>/dev/null
    return 0
}

__meshpeek_prompt='\W \$ '
