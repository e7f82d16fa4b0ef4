/// The words which resource names may hold and which stand for facts about this host: FQDN, CPU and MEMMB.
package struct Macros: Sendable, Equatable {
    package let fqdn: String
    /// Processors online.
    package let cpuCount: Int
    /// Memory in whole mebibytes.
    package let memoryMB: Int

    package init(fqdn: String, cpuCount: Int, memoryMB: Int) {
        self.fqdn = fqdn
        self.cpuCount = cpuCount
        self.memoryMB = memoryMB
    }

    /// Whether a name is another on every host.
    package static func occur(in name: String) -> Bool {
        // By bytes, as they are replaced.
        let bytes = Array(name.utf8)
        return words.contains { word in
            let word = Array(word.utf8)
            return bytes.indices.contains { bytes[$0...].starts(with: word) }
        }
    }

    /// Whether a name with macros is that name on some host: each macro stands for one byte or more.
    package static func pattern(_ pattern: String, mayBecome name: String) -> Bool {
        if pattern.isSameName(as: name) { return true }
        var texts = textsBetween(pattern)[...]
        var rest = Array(name.utf8)[...]
        guard texts.count > 1, let first = texts.popFirst(), let last = texts.popLast(), rest.starts(with: first),
            rest.dropFirst(first.count).count > last.count, rest.suffix(last.count).elementsEqual(last)
        else { return false }
        rest = rest.dropFirst(first.count).dropLast(last.count)
        for text in texts {
            guard let found = rest.dropFirst().firstRange(of: text) else { return false }
            rest = rest[found.upperBound...]
        }
        return !rest.isEmpty
    }

    /// What stands before, between and behind the macros of a name.
    private static func textsBetween(_ name: String) -> [[UInt8]] {
        var rest = Array(name.utf8)[...]
        var texts: [[UInt8]] = [[]]
        while let byte = rest.first {
            if let word = words.map({ Array($0.utf8) }).first(where: { rest.starts(with: $0) }) {
                texts.append([])
                rest = rest.dropFirst(word.count)
            } else {
                texts[texts.count - 1].append(byte)
                rest = rest.dropFirst()
            }
        }
        return texts
    }

    private static let words = ["FQDN", "CPU", "MEMMB"]

    /// The name as the fleet's data should have it, for all hosts: with FQDN in the place of this host's name.
    package func pattern(of resource: String) -> String {
        let (name, host) = (Array(resource.utf8), Array(fqdn.utf8))
        guard name.starts(with: host), name.count > host.count else { return resource }
        return "FQDN" + String(decoding: name.dropFirst(host.count), as: UTF8.self)
    }

    /// Replaces every macro wherever it stands, inside longer words too, in one pass: what a macro became is not looked
    /// at again. Hosts of a fleet agree on resource names only because all of them do exactly this.
    package func expand(_ name: String) -> String {
        let replacements: [(word: [UInt8], text: [UInt8])] = [
            (Array("FQDN".utf8), Array(fqdn.utf8)),
            (Array("CPU".utf8), Array(String(cpuCount).utf8)),
            (Array("MEMMB".utf8), Array(String(memoryMB).utf8)),
        ]
        // Bytes, not characters: a combining mark after a macro must not hide it here and only here.
        var rest = Array(name.utf8)[...]
        var expanded: [UInt8] = []
        expanded.reserveCapacity(rest.count)
        while let byte = rest.first {
            if let found = replacements.first(where: { rest.starts(with: $0.word) }) {
                expanded += found.text
                rest = rest.dropFirst(found.word.count)
            } else {
                expanded.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: expanded, as: UTF8.self)
    }
}
