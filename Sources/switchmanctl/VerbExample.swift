import ArgumentParser

/// One line for each verb, as somebody would type it: the end of its help.
enum VerbExample {
    /// By the words of the verb.
    private static let lines = [
        "init": "switchmanctl init --group web=web1.example.org,web2.example.org --resource db=8",
        "status": "switchmanctl status nightly-report",
        "jobs": "switchmanctl jobs",
        "history": "switchmanctl history nightly-report",
        "output": "switchmanctl output nightly-report",
        "metrics": "switchmanctl metrics > .new && mv .new switchman-fleet.prom",
        "stop": "switchmanctl stop --why \"wrong input\" nightly-report",
        "pause": "switchmanctl pause --for 2h --why \"the disk is full\" nightly-report",
        "resume": "switchmanctl resume nightly-report",
        "drain": "switchmanctl drain --stop --why \"new kernel\" web3.example.org",
        "undrain": "switchmanctl undrain web3.example.org",
        "verify": "switchmanctl verify || exit",
        "explain": "switchmanctl explain --lease db=1:4 -- import",
        "check": "switchmanctl check ensemble",
        "check job": "switchmanctl check job --within 25h nightly-report",
        "check runs": "switchmanctl check runs /etc/cron.d/*",
        "check crontab": "switchmanctl check crontab --fleet /etc/cron.d/*",
        "check config": "switchmanctl check config /etc/switchman.conf",
        "check hosts": "switchmanctl check hosts web3.example.org",
        "check ensemble": "switchmanctl check ensemble",
        "groups": "switchmanctl groups list",
        "groups list": "switchmanctl groups list",
        "groups show": "switchmanctl groups show web",
        "groups add": "switchmanctl groups add web web3.example.org",
        "groups remove": "switchmanctl groups remove web web3.example.org",
        "resources": "switchmanctl resources list",
        "resources list": "switchmanctl resources list",
        "resources add": "switchmanctl resources add --total 8 db",
        "resources remove": "switchmanctl resources remove db",
        "resources hold": "switchmanctl resources hold --wait 10m --why \"restore\" db",
        "resources release": "switchmanctl resources release db",
        "fleet": "switchmanctl fleet show",
        "fleet show": "switchmanctl fleet show",
        "fleet edit": "switchmanctl fleet edit --file fleet.json",
        "fleet restore": "switchmanctl fleet restore --dry-run",
        "fleet undo": "switchmanctl fleet undo --dry-run",
        "tidy": "switchmanctl tidy --older-than 90d --dry-run",
        "sandbox": "switchmanctl sandbox -- /usr/share/doc/switchman/examples/first-steps",
    ]

    /// The example of the verb that a command line asks the help of; nil of none.
    static func ofHelp(_ arguments: some Collection<String>) -> String? {
        var words = ArgumentOrder.verbFirst(arguments, root: Switchmanctl.self)[...]
        if words.first == "help" { words = words.dropFirst() }
        var command: any ParsableCommand.Type = Switchmanctl.self
        var verb: [String] = []
        while let word = words.popFirst(), let next = command.verb(word) {
            command = next
            verb.append(word)
        }
        return lines[verb.joined(separator: " ")]
    }
}
