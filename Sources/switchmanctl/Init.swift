import ArgumentParser
import Coordination
import Fleet
import Recipes
import Run
import Steering

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
        try await FleetEditor(fleet: fleet).edit { edit in
            for (group, hosts) in groups { edit.addGroup(group, members: hosts) }
            for (resource, total) in resources { edit.addResource(resource, total: total) }
        }
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
        var lines = ["\(result.changed) nodes changed, \(result.kept) were so already"]
        if access.list.contains(where: \.isOpen) {
            lines.append(
                "this list lets everybody take locks and change the fleet: set auth and acl first (switchman.conf)")
        }
        if result.ephemeral > 0 {
            lines.append("\(result.ephemeral) nodes of runs that are under way stay as they are, and go with them")
        }
        return lines
    }

    static func makePrefix(_ fleet: FleetConnection) async throws {
        for folder in ["locks", "queues", "semaphores", "jobs", "waiters", "stops", "outputs", "runs", "fleet"] {
            try await fleet.makeParents(of: "\(fleet.layout.prefix)/\(folder)/any")
        }
    }

    // By bytes: an equals sign before a combining mark is none to Swift.

    private func groups() throws -> [(String, [String])] {
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
