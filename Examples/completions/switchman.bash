# Completion of switchman for bash. Into /usr/share/bash-completion/completions/switchman, or source it.
# (For switchmanctl: switchmanctl --generate-completion-script bash.)
#
# The options are those that the installed program itself names, so that this never promises others.

_switchman() {
    local help current=${COMP_WORDS[COMP_CWORD]} index word
    help=$("${COMP_WORDS[0]}" --help 2>/dev/null) || return
    # "-c, --config FILE": one blank and no two before what an option takes.
    local -A takes_value=()
    while read -r word; do takes_value[$word]=1; done < <(
        sed -nE 's/^ +(-[a-zA-Z]), (--[a-z-]+) [^ ].*/\1\n\2/p; s/^ +(--[a-z-]+) [^ ].*/\1/p' <<<"$help")

    # Options end at the first word that is none: from there on it is the command's line.
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ $word == -- ]]; then
            ((index++))
            break
        elif [[ $word != -* ]]; then
            break
        elif [[ -n ${takes_value[$word]-} ]]; then
            if ((index + 1 == COMP_CWORD)); then
                _switchman_value "$word" "$current"
                return
            fi
            ((index++))
        fi
    done
    if ((index < COMP_CWORD)) || [[ ${COMP_WORDS[index - 1]} == -- ]]; then
        if ((index == COMP_CWORD)); then
            mapfile -t COMPREPLY < <(compgen -c -- "$current")
        elif declare -F _command_offset >/dev/null; then
            _command_offset "$index"
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
        fi
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '(^ +|, )--?[a-zA-Z][a-z-]*' <<<"$help" | grep -oE -- '-[a-zA-Z-]+')" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -c -- "$current")
    fi
}

_switchman_value() {
    case $1 in
        -c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
        --descendants) mapfile -t COMPREPLY < <(compgen -W "wait kill leave" -- "$2") ;;
        -g | --group)
            mapfile -t COMPREPLY < <(compgen -W "$(switchmanctl groups list 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$2")
            ;;
    esac
}

complete -F _switchman switchman
