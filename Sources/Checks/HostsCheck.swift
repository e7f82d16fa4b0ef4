import Recipes
import Steering
import Text

/// `check hosts`: whether the names agree: what this host calls itself, what the groups call it and the others, and what
/// the name service says of all.
package struct HostsCheck {
    /// What the name service says of a name.
    package enum Lookup: Sendable { case known, unknown, noAnswer }

    /// This host's name, by itself and by the configuration.
    package struct Names: Sendable {
        let found: String?
        let configured: String?

        package init(found: String?, configured: String?) { (self.found, self.configured) = (found, configured) }

        var used: String? { configured ?? found }
    }

    private let names: Names
    private let lookUp: (String) -> Lookup
    private var findings: [Finding] = []
    private var groupsOfThisHost: [String] = []
    /// The hosts that were named, with their groups; nil if the groups are unknown.
    private var hosts: [(name: String, groups: [String]?)]

    /// More names than this are not looked up: each costs a question to the name service.
    private static let mostLookups = 500

    /// Where the tree of a command would be held on this host.
    package struct Hold: Sendable {
        let isCgroup: Bool
        let text: String

        /// - Parameter text: why there is none, or what is the matter with it; empty if nothing is.
        package init(isCgroup: Bool, text: String) { (self.isCgroup, self.text) = (isCgroup, text) }

        var sentence: String {
            isCgroup
                ? "a command's tree is held in a cgroup of its own\(text.isEmpty ? "" : "; \(text)")"
                : "a command's tree is found by walking /proc, without a cgroup: \(Excerpt.of(text, longest: 300))"
        }
    }

    /// - Parameter hosts: those of which it is asked whether they are of some group.
    package static func verdict(
        names: Names, hosts: [String], hold: Hold, fleet: FleetSight, servers: [ServerSight],
        lookUp: @escaping (String) -> Lookup
    ) -> Verdict {
        var check = HostsCheck(names: names, hosts: hosts, lookUp: lookUp)
        check.judgeName()
        check.find(.ok, "", hold.sentence)
        switch fleet {
        case .read(let data): check.judge(data)
        case .failed(_, let why): check.findings.append(Finding(.critical, "", why))
        }
        check.judge(servers)
        let name = names.used.map { Excerpt.of($0, longest: 255) } ?? "without a name"
        let groups = check.groupsOfThisHost.map { Excerpt.of($0) }.joined(separator: ", ")
        return Verdict(
            check: "hosts",
            summary: "this host is \(name), \(groups.isEmpty ? "of no group" : "of \(groups)")",
            findings: check.findings,
            facts: [
                "host": names.used.map { .string($0) } ?? .null,
                "groups": .array(check.groupsOfThisHost.map { .string($0) }),
                "hosts": .array(check.hosts.map(Self.facts)),
                "cgroup": .boolean(hold.isCgroup),
                "cgroup_text": .string(hold.text),
                "servers": .array(servers.map(Self.facts)),
            ])
    }

    private init(names: Names, hosts: [String], lookUp: @escaping (String) -> Lookup) {
        self.names = names
        self.hosts = hosts.map { ($0, nil) }
        self.lookUp = lookUp
    }

    private mutating func find(_ severity: Severity, _ place: String, _ message: String) {
        findings.append(Finding(severity, place, message))
    }

    // MARK: - This host

    private mutating func judgeName() {
        guard let name = names.used else {
            return find(
                .warning, "",
                "cannot determine this host's fully qualified name, so no run with a group or with FQDN in a lease starts; set "
                    + "fqdn in the configuration, or /etc/hosts")
        }
        if !name.utf8.contains(UInt8(ascii: ".")) {
            find(
                .warning, "",
                "this host calls itself \"\(Excerpt.of(name))\", which is not fully qualified; set its domain in /etc/hosts or "
                    + "/etc/resolv.conf, or fqdn in the configuration")
        }
        if let configured = names.configured, let found = names.found, !found.isSameName(as: configured) {
            find(
                .ok, "",
                "fqdn in the configuration says \(Excerpt.of(configured)); without it this host would be \(Excerpt.of(found))"
            )
        }
    }

    // MARK: - Groups

    private mutating func judge(_ data: FleetData) {
        var places: [ExactName: String] = [:]
        let empty = placeHosts(in: data)
        for host in hosts where host.groups == [] {
            let name = Excerpt.of(host.name, longest: 255)
            find(.warning, "host \(name)", "is in no group; switchmanctl groups add GROUP \(name)")
        }
        for (group, members) in data.groups.sorted(by: { $0.key < $1.key }) {
            let place = "group \"\(Excerpt.of(group.text))\""
            judge(members, of: place)
            if empty.contains(group) {
                let name = Excerpt.of(group.text)
                find(
                    .warning, place,
                    "has no host, so its jobs run nowhere; switchmanctl groups add \(name) HOST, or groups remove \(name)"
                )
            }
            for member in members where data.groups[ExactName(member)] == nil { places[ExactName(member)] = place }
        }
        for host in data.pauses.hosts where places[ExactName(host)] == nil { places[ExactName(host)] = "drained" }
        let hosts = places.sorted { $0.key < $1.key }.map { (name: $0.key.text, place: $0.value) }
        judgeCase(hosts)
        judgeLookups(hosts.filter { judgeForm($0.name, $0.place) })
    }

    /// Finds the groups of this host and of those that were named.
    ///
    /// - Returns: the groups that have no host.
    private mutating func placeHosts(in data: FleetData) -> Set<ExactName> {
        let groupHosts = GroupHosts(data)
        var empty: Set<ExactName> = []
        for index in hosts.indices { hosts[index].groups = [] }
        for group in data.groups.keys.sorted() {
            let entries = groupHosts.of(group)
            let names = Set(entries.map { ExactName($0) })
            let patterns = entries.filter(HostPattern.isPattern)
            func has(_ host: String) -> Bool {
                names.contains(ExactName(host)) || patterns.contains { HostPattern.matches($0, host: host) }
            }
            if entries.isEmpty { empty.insert(group) }
            if let own = self.names.used, has(own) { groupsOfThisHost.append(group.text) }
            for index in hosts.indices where has(hosts[index].name) {
                hosts[index].groups?.append(group.text)
            }
        }
        return empty
    }

    private mutating func judge(_ members: [String], of place: String) {
        var seen: Set<ExactName> = []
        for member in members where !seen.insert(ExactName(member)).inserted {
            find(.warning, place, "names \"\(Excerpt.of(member))\" twice; name it once")
        }
    }

    /// DNS does not tell them apart, and switchman does.
    private mutating func judgeCase(_ hosts: [(name: String, place: String)]) {
        var seen: [String: (name: String, place: String)] = [:]
        for host in hosts {
            guard let other = seen.updateValue(host, forKey: host.name.lowercased()) else { continue }
            find(
                .warning, host.place,
                "\"\(Excerpt.of(host.name))\" and \"\(Excerpt.of(other.name))\" (\(other.place)) differ in case alone, and case "
                    + "counts; write them as the host does")
        }
        guard let own = names.used, let other = seen[own.lowercased()],
            !hosts.contains(where: { $0.name.isSameName(as: own) })
        else { return }
        find(
            .warning, other.place,
            "\"\(Excerpt.of(other.name))\" is not this host, which calls itself \(Excerpt.of(own)): case counts; write it so"
        )
    }

    /// - Returns: whether it makes sense to look it up.
    private mutating func judgeForm(_ name: String, _ place: String) -> Bool {
        let isPlain = !name.isEmpty && name.utf8.count <= 255 && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
        let dot = UInt8(ascii: ".")
        if !isPlain || name.utf8.contains(UInt8(ascii: "/")) {
            find(.warning, place, "\"\(Excerpt.of(name))\" cannot be a host's name; correct it")
            return false
        }
        // Whom it means is not for the name service to say.
        if HostPattern.isPattern(name) { return false }
        if name.utf8.last == dot {
            find(
                .warning, place, "\"\(Excerpt.of(name))\" ends in a dot, and no host calls itself so; leave the dot out"
            )
            return false
        }
        // In a fleet without domains all names are short.
        if !name.utf8.contains(dot), names.used?.utf8.contains(dot) ?? true {
            find(
                .warning, place,
                "\"\(Excerpt.of(name))\" is no group, and as a host's name it is not fully qualified; add the group, or the "
                    + "domain")
            return false
        }
        return true
    }

    private mutating func judgeLookups(_ hosts: [(name: String, place: String)]) {
        for (name, place) in hosts.prefix(Self.mostLookups) {
            // A host knows itself.
            if names.used?.isSameName(as: name) ?? false { continue }
            switch lookUp(name) {
            case .known: break
            case .unknown:
                find(.warning, place, "\"\(Excerpt.of(name))\" does not resolve; is there still such a host?")
            case .noAnswer:
                return find(
                    .unknown, place,
                    "the name service does not answer for \"\(Excerpt.of(name))\"; no name is looked up")
            }
        }
        if hosts.count > Self.mostLookups {
            find(.ok, "", "only the first \(Self.mostLookups) of \(hosts.count) hosts were looked up")
        }
    }

    // MARK: - Servers

    private mutating func judge(_ servers: [ServerSight]) {
        let areAllAway = servers.allSatisfy { $0.fault != nil }
        for server in servers {
            if let fault = server.fault {
                find(areAllAway ? .critical : .warning, server.name, fault)
            } else if case .granted(_, let after) = server.handshake {
                find(
                    .ok, server.name,
                    "connects within \(server.connectMilliseconds ?? 0) ms, begins a session within \(after) ms")
            }
        }
    }

    private static func facts(of host: (name: String, groups: [String]?)) -> JSONValue {
        .object([
            "host": .string(host.name), "groups": host.groups.map { .array($0.map { .string($0) }) } ?? .null,
        ])
    }

    private static func facts(of server: ServerSight) -> JSONValue {
        .object([
            "server": .string(server.name), "answers": .boolean(server.fault == nil),
            "connect_ms": server.connectMilliseconds.map { .integer($0) } ?? .null,
        ])
    }
}
