import ArgumentParser
import Checks
import Fleet
import Glibc
import Host
import Steering
import Supervision

struct CheckHosts: CheckVerb {
    static let configuration = CommandConfiguration(
        commandName: "hosts",
        abstract: "Whether hosts, groups and servers go by names that agree.",
        discussion: """
            What this host calls itself, whether the groups name hosts that can be, and at least one, whether each HOST \
            is in some group, and whether each server of zkhosts resolves and answers, and how fast; and whether \
            this host, run from here, can hold a command's tree in a cgroup, and if not, why.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @Argument(help: "Hosts of which each should be in some group.", completion: NameCompletion.hosts) var hosts:
        [String] = []

    func verdict() throws -> Verdict {
        for host in hosts { try NameCheck.host(host) }
        let settings = try configuration.load()
        let servers = ServerSurvey.ask(settings)
        // Without a server there is nothing to wait for.
        let fleet: FleetSight =
            servers.contains(where: \.isServing)
            ? try FleetSurvey.ask(settings) : .failed(.unknown, "no server answers, so groups are unknown")
        let cgroup = CgroupFinding.probe(settings.cgroup)
        return HostsCheck.verdict(
            names: HostsCheck.Names(found: Hostname.fqdn(), configured: settings.fqdn), hosts: hosts,
            hold: Self.hold(cgroup), fleet: fleet, servers: servers,
            lookUp: Self.lookUp)
    }

    private static func hold(_ cgroup: CgroupFinding) -> HostsCheck.Hold {
        guard cgroup.isMade else { return HostsCheck.Hold(isCgroup: false, text: cgroup.text) }
        return HostsCheck.Hold(isCgroup: true, text: cgroup.isRegistered ? "" : CgroupFinding.unregistered)
    }

    private static func lookUp(_ name: String) -> HostsCheck.Lookup {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(name, nil, &hints, &list)
        if code == 0 { unsafe freeaddrinfo(list) }
        switch code {
        case 0: return .known
        case EAI_AGAIN, EAI_FAIL, EAI_SYSTEM: return .noAnswer
        default: return .unknown
        }
    }
}
