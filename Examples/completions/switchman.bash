# Completion of switchman for bash. Into /usr/share/bash-completion/completions/switchman, or source it.
# (For switchmanctl: switchmanctl --generate-completion-script bash.)
#
# The options and their words are those that the installed program itself names, so that this never promises others, and
# that a new option needs no change here.

_switchman() {
    local help option options value
    help=$("${COMP_WORDS[0]}" --help 2>/dev/null) || return
    # "  -c, --config FILE  ...": one blank and no two before what an option takes.
    local -A takes=()
    while read -r option value; do takes[$option]=$value; done < <(
        sed -nE 's/^ +(-[a-zA-Z]), (--[a-z-]+) ([^ ]+).*/\1 \3\n\2 \3/p; s/^ +(--[a-z-]+) ([^ ]+).*/\1 \2/p' <<<"$help")

    local -a words=() begins=()
    _switchman_words
    local last=$((${#words[@]} - 1)) current=${words[-1]} index word isOver=
    # Options end at the first word that is none: from there on it is the command's line.
    for ((index = 1; index < last; index++)); do
        word=${words[index]}
        if [[ $word == -- ]]; then
            isOver=1
            ((index++))
            break
        elif [[ $word != -* ]]; then
            break
        elif [[ -n ${takes[$word]-} ]]; then
            if ((index + 1 == last)); then
                _switchman_value "$word" "${takes[$word]}" "$current"
                return
            fi
            ((index++))
        fi
    done
    if ((index < last)); then
        if declare -F _command_offset >/dev/null; then
            _command_offset "${begins[index]}"
        else
            _switchman_files "$current"
        fi
    elif [[ $isOver || $current != -* ]]; then
        [[ $current != */* ]] || compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -c -- "$current")
    elif [[ $current == --*=* ]]; then
        option=${current%%=*}
        [[ -z ${takes[$option]-} ]] || _switchman_value "$option" "${takes[$option]}" "${current#*=}"
    else
        options=$(grep -oE -- '^ +(-[a-zA-Z], )?--[a-z-]+' <<<"$help" | grep -oE -- '-[a-zA-Z-]+')
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    fi
}

# The words up to the cursor. Bash splits them at = and :, as in --lease db=1:4; here they are whole, and `begins` says
# where each begins for bash.
_switchman_words() {
    local rest=$COMP_LINE trimmed index
    for ((index = 0; index <= COMP_CWORD; index++)); do
        trimmed=${rest#"${rest%%[![:space:]]*}"}
        if ((index > 0)) && [[ $trimmed == "$rest" ]]; then
            words[-1]+=${COMP_WORDS[index]}
        else
            words+=("${COMP_WORDS[index]}")
            begins+=("$index")
        fi
        rest=${trimmed#"${COMP_WORDS[index]}"}
    done
}

# $1: the option; $2: what the help says that it takes; $3: what is there of its value.
_switchman_value() {
    local offered=
    case $1=$2 in
        *=FILE) _switchman_files "$3" ;;
        *=*'|'*) offered=${2//|/ } ;;
        *=GROUP) _switchman_offer "$3" < <(_switchman_fleet groups list) ;;
        *=NAME) _switchman_offer "$3" < <(_switchman_fleet history) ;;
        *=RESOURCE=*)
            _switchman_offer "$3" < <(_switchman_fleet resources list | sed 's/$/=/')
            compopt -o nospace 2>/dev/null
            ;;
        *=OUTCOME=N)
            # The program lists them in its complaint of an unknown one.
            offered=$("${COMP_WORDS[0]}" "$1" '?=0' 2>&1 | sed -n 's/.* must be one of //p' | sed -E 's/,? |$/= /g')
            compopt -o nospace 2>/dev/null
            ;;
    esac
    [[ -z $offered ]] || mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$3")
    # What stands before the last of these is another word to bash.
    local kept=${3%"${3##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

# What the fleet knows, a name a line: the first column of a table. A Tab waits for ZooKeeper for three seconds at most.
_switchman_fleet() {
    SWITCHMAN_CONNECT_TIMEOUT=2 timeout 3 switchmanctl "$@" 2>/dev/null | awk 'NR > 1 { print $1 }' | sort -u
}

# $1: what is there of the word. Names that others have made up are never expanded, as compgen -W would.
_switchman_offer() {
    local name
    while read -r name; do
        [[ $name != "$1"* ]] || COMPREPLY+=("$(printf %q "$name")")
    done
}

_switchman_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

complete -F _switchman switchman
