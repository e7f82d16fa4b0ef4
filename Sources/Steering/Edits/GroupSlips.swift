package import Text

/// What looks like a slip of the finger in members that are added to groups: hosts whose name or domain is nearly that of others.
/// A new host is nothing to warn of. Nobody else would ever say it: a group with a wrong name in it runs nothing on that host.
package struct GroupSlips {
    /// The groups that there are.
    private let groups: Set<ExactName>
    /// The hosts of the groups and of the records.
    private let hosts: Set<ExactName>

    package init(groups: Set<ExactName>, hosts: Set<ExactName>) { (self.groups, self.hosts) = (groups, hosts) }

    /// Sentences, one for each member that is doubtful, each with what was probably meant.
    ///
    /// - Parameters:
    ///   - members: those that are added by one command, which are compared with one another too.
    ///   - new: groups that the same command makes.
    package func warnings(ofMembers members: [String], new: [String] = []) -> [String] {
        let groups = groups.union(new.map { ExactName($0) })
        let added = members.filter { !HostPattern.isPattern($0) && !groups.contains(ExactName($0)) }
        let known = hosts.sorted().map(\.text)
        var told: Set<ExactName> = []
        return added.enumerated().compactMap { index, host in
            if hosts.contains(ExactName(host)) || !told.insert(ExactName(host)).inserted { return nil }
            let others = added.enumerated().filter { $0.offset != index }.map(\.element)
            return objection(host, known: known, groups: groups)
                ?? inCapitals(host, among: known + others)
                ?? strangeDomain(host, at: index, among: added)
        }
    }

    private func objection(_ host: String, known: [String], groups: Set<ExactName>) -> String? {
        guard let domain = Self.domain(host) else {
            guard known.contains(where: { Self.domain($0) != nil }) else { return nil }
            return "\(Self.shown(host)) is no group, and other hosts have a domain"
                + NearestWord.hint(NearestWord.slip(host, among: groups.sorted().map(\.text)))
        }
        if let same = known.first(where: { $0.lowercased() == host.lowercased() }) {
            return "no host \(Self.shown(host)) is known, and capitals count in names; \(NearestWord.question(same))"
        }
        let domains = Set(known.compactMap(Self.domain).map { ExactName($0) }).sorted().map(\.text)
        if domains.contains(where: { $0.isSameName(as: domain) }) { return nil }
        guard let meant = domains.first(where: { Self.isSlip(domain, of: $0) }) else { return nil }
        return "no host of \(Self.shown(domain)) is known; \(NearestWord.question(Self.own(host) + "." + meant))"
    }

    /// A host is called as its runs call themselves, and that is seldom in capitals.
    private func inCapitals(_ host: String, among others: [String]) -> String? {
        guard host != host.lowercased(), !others.isEmpty, others.allSatisfy({ $0 == $0.lowercased() }) else {
            return nil
        }
        return "no other host is written with capitals as \(Self.shown(host)) is, and they count; "
            + NearestWord.question(host.lowercased())
    }

    /// Of two domains that are nearly the same the rarer one is doubted, or else the later one.
    private func strangeDomain(_ host: String, at index: Int, among added: [String]) -> String? {
        guard let domain = Self.domain(host) else { return nil }
        let domains = added.map(Self.domain)
        func count(_ domain: String) -> Int { domains.count { $0?.isSameName(as: domain) ?? false } }
        func first(_ domain: String) -> Int { domains.firstIndex { $0?.isSameName(as: domain) ?? false } ?? index }
        for (other, otherDomain) in zip(added, domains) {
            guard let otherDomain, !otherDomain.isSameName(as: domain), Self.isSlip(domain, of: otherDomain),
                (count(otherDomain), -first(otherDomain)) > (count(domain), -first(domain))
            else { continue }
            return "the domains of \(Self.shown(host)) and \(Self.shown(other)) are nearly the same; "
                + NearestWord.question(Self.own(host) + "." + otherDomain)
        }
        return nil
    }

    // MARK: Names

    private static func domain(_ host: String) -> String? {
        host.utf8.firstIndex(of: UInt8(ascii: ".")).map { String(host[host.utf8.index(after: $0)...]) }
    }

    private static func own(_ host: String) -> String {
        String(Substring(host.utf8.prefix { $0 != UInt8(ascii: ".") }))
    }

    /// Part by part, since `eu.example.org` and `us.example.org` are two places.
    private static func isSlip(_ domain: String, of other: String) -> Bool {
        let (parts, others) = (labels(domain), labels(other))
        if parts.count != others.count { return NearestWord.slip(domain, among: [other]) != nil }
        return zip(parts, others).allSatisfy { $0.isSameName(as: $1) || NearestWord.slip($0, among: [$1]) != nil }
    }

    private static func labels(_ domain: String) -> [String] {
        domain.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { String(Substring($0)) }
    }

    private static func shown(_ name: String) -> String { "\"\(Excerpt.of(name, longest: Excerpt.longestName))\"" }
}
