import Recipes
import Steering
import Text

/// Holds what a crontab's lines need against the fleet's data.
struct CrontabFleet {
    let data: FleetData
    /// This host's, for arithmetic.
    let macros: Macros
    /// For the commands to type: the file that is not the usual one.
    let config: String?
    private let groupHosts: GroupHosts

    init(data: FleetData, macros: Macros, config: String?) {
        (self.data, self.macros, self.config) = (data, macros, config)
        groupHosts = GroupHosts(data)
    }

    func findings(on need: CrontabNeed) -> [String] {
        (need.group.map(objection(toGroup:)) ?? []) + need.leases.flatMap(objection(toLease:))
    }

    // MARK: - Pauses

    /// What keeps the line's runs from starting, though nothing is missing.
    func standstills(of need: CrontabNeed) -> [String] {
        var found: [String] = []
        if let name = need.lockname, let note = data.pauses.jobNotes[ExactName(name)] {
            let shown = Excerpt.of(name, longest: 255)
            let remedy = command("resume \(shown)")
            found.append("job \"\(shown)\" is paused\(note.phrase()), and no run starts; \(remedy) lifts that")
        }
        for text in need.leases {
            let name = String(text.unicodeScalars.prefix { $0 != "=" })
            guard let hold = data.holds(concerning: name).first else { continue }
            let entry = Excerpt.of(hold.entry, longest: 255)
            found.append(
                "resource \"\(entry)\" is held\(hold.note.phrase()), and no run gets permits of it; "
                    + "\(command("resources release \(entry)")) lifts that")
        }
        if let group = need.group {
            let hosts = groupHosts.of(ExactName(group))
            if !hosts.isEmpty, hosts.allSatisfy(isDrained) {
                found.append(
                    "every host of group \"\(Excerpt.of(group, longest: 255))\" is drained, and the command runs nowhere; "
                        + "\(command("undrain HOST")) lifts that")
            }
        }
        return found
    }

    /// Of a pattern only where the drain is surely of all its hosts.
    private func isDrained(_ entry: String) -> Bool {
        if !HostPattern.isPattern(entry) { return data.drain(of: entry) != nil }
        return data.pauses.hosts.contains { $0 == "*" || $0.isSameName(as: entry) }
    }

    /// What is to be said once, of all lines together: a pause of all jobs, and pauses that were meant for one of these names.
    func standstills(ofLocknames names: [String]) -> [String] {
        var found: [String] = []
        if let note = data.pauses.all {
            found.append(
                "all jobs are paused\(note.phrase()), and no run starts; \(command("resume --all")) lifts that")
        }
        let named = Set(names.map { ExactName($0) })
        for name in data.pauses.jobs where !named.contains(ExactName(name)) {
            guard let meant = NearestWord.slip(name, among: names) else { continue }
            found.append(
                "\"\(Excerpt.of(name, longest: 255))\" is paused, and no line has that lockname"
                    + NearestWord.hint(meant))
        }
        return found
    }

    private func command(_ words: String) -> String {
        "switchmanctl \(words)" + (config.map { " --config \(Excerpt.of($0, longest: 4096))" } ?? "")
    }

    private func objection(toGroup group: String) -> [String] {
        let shown = Excerpt.of(group, longest: 255)
        let remedy = command("groups add \(shown) HOST")
        if data.groups[ExactName(group)] == nil {
            return ["group \"\(shown)\" is not in the fleet's data, and no run starts; \(remedy) makes it"]
        }
        if groupHosts.of(ExactName(group)).isEmpty {
            return ["group \"\(shown)\" has no host, and the command runs nowhere; \(remedy) adds one"]
        }
        return []
    }

    // MARK: - Leases

    private func objection(toLease text: String) -> [String] {
        // What no run can read has been said already.
        if (try? LeaseRequest.parse(text, macros: macros)) == nil { return [] }
        // By scalars, as a run reads it.
        let name = String(text.unicodeScalars.prefix { $0 != "=" })
        // It is another on every host, and what the others have nobody knows here.
        if ["CPU", "MEMMB"].contains(where: { name.utf8.firstRange(of: $0.utf8) != nil }) { return [] }
        guard let host = host(forWhich: name) else {
            let total = text.unicodeScalars.contains(":") ? "" : " --total N"
            let shown = Excerpt.of(name, longest: 255)
            let remedy = command("resources add \(shown)\(total)")
            return ["resource \"\(shown)\" is not in the fleet's data, and no run starts; \(remedy) adds it"]
        }
        return objection(toTotalOf: text, on: macros.of(host))
    }

    /// Some host on which the name means a resource of the fleet; nil if there is none.
    private func host(forWhich name: String) -> String? {
        if data.resources.contains(where: { $0.isSameName(as: name) }) { return macros.fqdn }
        for resource in data.resources {
            let host = self.host(making: name, of: resource) ?? self.host(making: resource, of: name)
            if let host, isHost(host) { return host }
        }
        return nil
    }

    /// What FQDN must stand for to make the pattern that name.
    private func host(making name: String, of pattern: String) -> String? {
        let (name, bytes, macro) = (Array(name.utf8), Array(pattern.utf8), Array("FQDN".utf8))
        guard let place = bytes.firstRange(of: macro)?.lowerBound else { return nil }
        let count = bytes.ranges(of: macro).count
        let (length, rest) = (name.count - bytes.count + count * macro.count).quotientAndRemainder(dividingBy: count)
        guard rest == 0, length > 0, place + length <= name.count else { return nil }
        let host = String(decoding: name[place..<(place + length)], as: UTF8.self)
        return Array(macros.of(host).expand(pattern).utf8) == name ? host : nil
    }

    /// In a fleet without domains only the groups tell a host's name from another word.
    private func isHost(_ name: String) -> Bool {
        name.utf8.contains(UInt8(ascii: "."))
            || data.groups.values.joined().contains { HostPattern.matches($0, host: name) }
    }

    /// What a run would say of the total, as far as that is the same on every host.
    private func objection(toTotalOf text: String, on macros: Macros) -> [String] {
        guard let request = try? LeaseRequest.parse(text, macros: macros) else { return [] }
        let declared = data.totals.filter { macros.expand($0.key.text).isSameName(as: request.resource) }
        let values = String(text.unicodeScalars.drop { $0 != "=" })
        if !declared.isEmpty, Macros.occur(in: values) || declared.values.contains(where: { $0.string != nil }) {
            return []
        }
        do {
            _ = try request.checked(declared: try data.total(of: request.resource, macros: macros))
            return []
        } catch {
            return [(error as? LeaseError)?.message ?? (error as? FleetDataError)?.message ?? "\(error)"]
        }
    }
}

extension Macros {
    /// The same on a host of another name.
    fileprivate func of(_ host: String) -> Macros { Macros(fqdn: host, cpuCount: cpuCount, memoryMB: memoryMB) }
}
