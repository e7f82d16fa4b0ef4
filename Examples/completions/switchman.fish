# Completion of switchman for fish. Into a folder of $fish_complete_path, as switchman.fish.
# (For switchmanctl: switchmanctl --generate-completion-script fish.)
#
# The options, their words and their explanations are those of the installed program's own help, so that this never promises
# others, and that a new option needs no change here.

# What the fleet knows, a name a line: the first column of a table. A Tab waits for ZooKeeper for three seconds at most.
function __switchman_fleet
    SWITCHMAN_CONNECT_TIMEOUT=2 timeout 3 switchmanctl $argv 2>/dev/null | awk 'NR > 1 { print $1 }' | sort -u
end

# The program lists them in its complaint of an unknown one.
function __switchman_outcomes
    switchman --exit-code '?=0' 2>&1 | string replace -rf '.* must be one of ' '' | string split ', ' | string replace -r '$' '='
end

# Options end at the first word that is none: from there on it is the command's line.
function __switchman_in_options
    set -l words (commandline -opc)[2..]
    while set -q words[1]
        switch $words[1]
            case --
                return 1
            case '-*'
                contains -- $words[1] $__switchman_takes
                and set -e words[1]
            case '*'
                return 1
        end
        set -e words[1]
    end
    return 0
end

set -g __switchman_takes

# "  -c, --config FILE  ...", one blank and no two before what an option takes; further lines are indented by 27 blanks.
set -l help (switchman --help 2>/dev/null | string collect)
for line in (string replace -ra '\n {27}' '  ' -- $help | string split \n)
    string match -qr -- '^ +(?:-(?<short>[a-zA-Z]), )?--(?<long>[a-z-]+)(?: (?<value>[^ ]+))?  +(?<text>.*)$' $line
    or continue
    set -l option -n __switchman_in_options -l $long -d (string replace -ra '  +' ' ' -- $text)
    set -l spellings --$long
    if test -n "$short"
        set -a option -s $short
        set -a spellings -$short
    end
    test -n "$value"; and set -a __switchman_takes $spellings
    # The words to choose from, as the program lists them; of some, where they are found; of the others nobody knows any.
    switch "$value"
        case ''
            complete -c switchman $option -f
        case FILE
            complete -c switchman $option -r -F
        case '*|*'
            complete -c switchman $option -x -a (string replace -a '|' ' ' -- $value)
        case GROUP
            complete -c switchman $option -x -a '(__switchman_fleet groups list)'
        case NAME
            complete -c switchman $option -x -a '(__switchman_fleet history)'
        case 'RESOURCE=*'
            complete -c switchman $option -x -a '(__switchman_fleet resources list | string replace -r \'$\' =)'
        case 'OUTCOME=N'
            complete -c switchman $option -x -a '(__switchman_outcomes)'
        case '*'
            complete -c switchman $option -x
    end
end

# A "--" before them would be taken for an option itself, and eat the command's name.
complete -c switchman -x -a '(__fish_complete_subcommand - $__switchman_takes)'
