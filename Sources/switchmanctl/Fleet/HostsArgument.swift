import ArgumentParser
import Steering
import Text

/// The hosts that a verb is about.
struct HostsArgument: ParsableArguments {
    @Argument(help: "The hosts' full names, or patterns with * and ?.", completion: NameCompletion.hosts) var hosts:
        [String]

    func check() throws { for host in hosts { try NameCheck.hosts(host) } }

    /// Each once.
    var distinct: [String] { Set(hosts.map { ExactName($0) }).sorted().map(\.text) }
}
