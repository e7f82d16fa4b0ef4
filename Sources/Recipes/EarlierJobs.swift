/// The jobs that `--after` names, by their locknames.
package struct EarlierJobs: Sendable, Equatable {
    package private(set) var names: [String] = []

    package init() {}

    /// Nil for what is no list of locknames, separated by commas, within the limits. A name that comes again counts once.
    package init?(_ text: String) {
        // `--after $UNSET -- command`: a job of that name would never have run, and this one be skipped in silence for ever.
        if text == "--" { return nil }
        // By bytes: a comma with a combining mark behind it is no comma to Swift.
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let name = Self.name(Array(part)) else { return nil }
            add(name)
        }
        guard isWithinLimits else { return nil }
    }

    package static let form =
        "locknames with commas between them, at most \(namesMax) and \(bytesMax) bytes together"
    package static let namesMax = 8
    package static let bytesMax = 512

    /// The option may be given again, so that what is too much may come about in several.
    package var isWithinLimits: Bool {
        names.count <= Self.namesMax && names.reduce(0) { $0 + $1.utf8.count + 1 } <= Self.bytesMax + 1
    }

    package func contains(_ lockname: [UInt8]) -> Bool { names.contains { $0.utf8.elementsEqual(lockname) } }

    package func added(to earlier: EarlierJobs?) -> EarlierJobs {
        var all = earlier ?? EarlierJobs()
        for name in names { all.add(name) }
        return all
    }

    private mutating func add(_ name: String) {
        if !names.contains(where: { $0.isSameName(as: name) }) { names.append(name) }
    }

    /// "0" is no lockname, since the original would not take it for one.
    private static func name(_ bytes: [UInt8]) -> String? {
        guard bytes != [UInt8(ascii: "0")], NodeName.objection(to: bytes, longestBytes: bytesMax) == nil else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
