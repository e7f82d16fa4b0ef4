import ArgumentParser
import Coordination
import Fleet
import Host
import Recipes
import Steering
import Text

struct Init: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Make PREFIX and what belongs under it, with these groups and resources.",
        discussion: """
            Run twice, it changes nothing: what is there already stays as it is. With --protect, all nodes of the tree get \
            the access list that the configuration's acl says; first give every host its auth, with "acl": "open", or \
            runs without credentials end.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A group and its hosts; repeatable.", valueName: "name=host,host"))
    var group: [String] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A resource and, if wanted, its total; repeatable.", valueName: "name[=total]"))
    var resource: [String] = []

    @Flag(help: "Give the nodes that are there the configuration's access list.") var protect = false

    func check() throws { _ = try (groups(), resources()) }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        try await Self.makePrefix(fleet)
        let (groups, resources) = (try groups(), try resources())
        let before = groups.isEmpty ? nil : try await fleet.fleetData()
        try await FleetEditor(fleet: fleet).edit { edit in
            for (group, hosts) in groups { edit.addGroup(group, members: hosts) }
            for (resource, total) in resources { edit.addResource(resource, total: total) }
        }
        if let before { try await NameSlips(fleet: fleet).warn(ofGroups: groups, in: before) }
        if protect { try await protectTree(fleet) }
        return .yes
    }

    private func protectTree(_ fleet: FleetConnection) async throws {
        let access = fleet.settings.access
        let list = access.list.map { $0 == .creator ? "creator" : $0.text }.joined(separator: ", ")
        let protection = Protection(fleet: fleet) { paths in
            Screen.print(paths.map { "\(Visible.text($0)): \(Visible.text(list))" })
        }
        Screen.print(Self.text(try await protection.perform(), access))
    }

    private static func text(_ result: Protection.Result, _ access: Access) -> [String] {
        var lines = ["\(nodes(result.changed)) changed, \(result.kept) \(result.kept == 1 ? "was" : "were") so already"]
        if access.list.contains(where: \.isOpen) {
            lines.append(
                "this list lets everybody take locks and change the fleet: set auth and acl first (switchman.conf)")
        }
        if !result.ephemeral.isEmpty { lines.append(text(ofLeft: result.ephemeral)) }
        return lines
    }

    private static func text(ofLeft paths: [String]) -> String {
        let named = paths.prefix(mostNamed).map { Visible.text($0) } + (paths.count > mostNamed ? ["..."] : [])
        let stay = paths.count == 1 ? "stays as it is, and goes" : "stay as they are, and go"
        return
            "\(nodes(paths.count)) of runs under way \(stay) with them (\(named.joined(separator: ", "))); a run that was "
            + "started without these credentials hears of no stop any more, and ends as lost"
    }

    private static let mostNamed = 3

    private static func nodes(_ count: Int) -> String { count == 1 ? "1 node" : "\(count) nodes" }

    static func makePrefix(_ fleet: FleetConnection) async throws {
        for folder in ["locks", "queues", "semaphores", "jobs", "waiters", "stops", "outputs", "runs", "fleet"] {
            try await fleet.makeParents(of: "\(fleet.layout.prefix)/\(folder)/any")
        }
    }

    // By bytes: an equals sign before a combining mark is none to Swift.

    private func groups() throws -> [(group: String, members: [String])] {
        try group.map { text in
            guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                throw EditError.usage("--group \(Excerpt.of(text)): has no \"=\"; write NAME=HOST,HOST")
            }
            let name = String(text[..<equals])
            let hosts = text.utf8[text.utf8.index(after: equals)...].split(separator: UInt8(ascii: ",")).map {
                String(Substring($0))
            }
            try NameCheck.group(name)
            for host in hosts { try NameCheck.hosts(host) }
            return (name, hosts)
        }
    }

    private func resources() throws -> [(String, JSONValue?)] {
        try resource.map { text in
            guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                try NameCheck.resource(text)
                return (text, nil)
            }
            let name = String(text[..<equals])
            try NameCheck.resource(name)
            return (
                name, try TotalOption.parse(String(text[text.utf8.index(after: equals)...]), of: "--resource \(name)=")
            )
        }
    }
}
