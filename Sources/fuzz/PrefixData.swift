import Recipes
import Text

/// The data of PREFIX: the bytes of the node, then a host and a group to look for.
enum PrefixData {
    static func play(_ bytes: [UInt8]) {
        var fields = Fields(bytes)
        let data = fields.bytes()
        let (host, group) = (fields.text(), fields.text())
        do {
            check(try FleetData.parse(data, nowMilliseconds: 0), host: host, group: group)
        } catch {
            expectClear(error.message)
            expect(error.message.hasPrefix("prefix data"), "the complaint says of what: \(error.message)")
        }
    }

    private static func check(_ fleet: FleetData, host: String, group: String) {
        let macros = Macros(fqdn: host, cpuCount: 4, memoryMB: 2048)
        let ordered = fleet.orderedResources(macros: macros).map { Array($0.utf8) }
        expect(Set(ordered).count == ordered.count, "each resource comes once")
        expect(Set(ordered) == Set(fleet.resources.map { Array(macros.expand($0).utf8) }), "and none is missing")

        for resource in fleet.totals.keys.map({ macros.expand($0.text) }) {
            do {
                let total = try fleet.total(of: resource, macros: macros)
                expect(total.map { (1..<(1 << 53)).contains($0) } == true, "\(resource) has a total in \(fleet)")
            } catch {
                expectClear(error.message)
            }
        }
        for name in fleet.pauses.jobs { expect(fleet.pause(of: name) != nil, "\(name) is paused in \(fleet)") }
        for name in fleet.pauses.holds.keys.map(\.text) {
            let resource = macros.expand(name)
            expect(fleet.hold(of: resource, macros: macros) != nil, "\(resource) is held in \(fleet)")
            if !host.isEmpty { expect(Macros.pattern(name, mayBecome: resource), "\(name) may become \(resource)") }
        }
        let isDrained = fleet.pauses.hosts.contains { fits(Array($0.utf8)[...], Array(host.utf8)[...]) }
        expect((fleet.drain(of: host) != nil) == isDrained, "\(host) in \(fleet)")

        for name in fleet.groups.keys.map(\.text) + [group] {
            for member in (fleet.groups[ExactName(name)] ?? []) + [host] {
                do {
                    let isMember = try fleet.entry(of: member, in: name) != nil
                    expect(isMember == reaches(fleet, member, from: name), "\(member) in \(name) of \(fleet)")
                } catch {
                    expectClear(error.message)
                    expect(!knows(fleet, name), "\(name) is described in \(fleet)")
                }
            }
        }
    }

    private static func knows(_ fleet: FleetData, _ name: String) -> Bool {
        fleet.groups.keys.contains { $0.text.isByteForByte(name) }
    }

    /// The definition, as slow as it is plain: one step more in each round until nothing is new. Names are bytes.
    private static func reaches(_ fleet: FleetData, _ host: String, from group: String) -> Bool {
        var found: Set<[UInt8]> = [Array(group.utf8)]
        while true {
            let members = fleet.groups.filter { found.contains(Array($0.key.text.utf8)) }.flatMap(\.value)
            let more = found.union(members.map { Array($0.utf8) })
            if more == found { break }
            found = more
        }
        // A name that is a group's is never a host's, nor a pattern.
        return found.contains { entry in
            !knows(fleet, String(decoding: entry, as: UTF8.self)) && fits(entry[...], Array(host.utf8)[...])
        }
    }

    /// The definition: a star stands for nothing, or for a byte and a star.
    private static func fits(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        // As slow as it is plain, so not for patterns that nobody writes.
        if pattern.count(where: { $0 == UInt8(ascii: "*") }) > 2 {
            return HostPattern.matches(
                String(decoding: pattern, as: UTF8.self), host: String(decoding: name, as: UTF8.self))
        }
        guard let first = pattern.first else { return name.isEmpty }
        if first == UInt8(ascii: "*") {
            return fits(pattern.dropFirst(), name) || !name.isEmpty && fits(pattern, name.dropFirst())
        }
        guard let byte = name.first, first == UInt8(ascii: "?") || first == byte else { return false }
        return fits(pattern.dropFirst(), name.dropFirst())
    }
}
