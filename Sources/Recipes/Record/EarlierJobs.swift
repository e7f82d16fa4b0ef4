package import Text

/// The jobs that `--after` names, by their locknames.
package struct EarlierJobs: Sendable, Equatable {
    package private(set) var names: [String] = []

    package init() {}

    /// Locknames with commas between them. A name that comes again counts once.
    package init(_ text: String) throws(Objection) {
        // `--after $UNSET -- command`: a job of that name would never have run, and this one be skipped in silence for ever.
        if text == "--" { throw Objection(problem: "that ends the options, and no job is named") }
        // By bytes: a comma with a combining mark behind it is no comma to Swift.
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let bytes = Array(part)
            // "0" is no lockname, since the original would not take it for one.
            let fault =
                bytes == [UInt8(ascii: "0")]
                ? "is no lockname" : NodeName.objection(to: bytes, longestBytes: Self.bytesMax)
            if let fault {
                throw Objection(problem: "\(bytes.isEmpty ? "a name" : "\"\(Excerpt.of(bytes))\"") \(fault)")
            }
            add(String(decoding: bytes, as: UTF8.self))
        }
        if names.count > Self.namesMax { throw Objection(problem: "these are \(names.count) names") }
        if !isWithinLimits { throw Objection(problem: "these are \(byteCount) bytes") }
    }

    package static let form =
        "locknames with commas between them, at most \(namesMax) and \(bytesMax) bytes together"
    package static let namesMax = 8
    package static let bytesMax = 512

    /// The option may be given again, so that what is too much may come about in several.
    package var isWithinLimits: Bool {
        names.count <= Self.namesMax && byteCount <= Self.bytesMax
    }

    /// With the commas between them.
    private var byteCount: Int { max(0, names.reduce(-1) { $0 + $1.utf8.count + 1 }) }

    package func contains(_ lockname: [UInt8]) -> Bool { names.contains { $0.utf8.elementsEqual(lockname) } }

    package func added(to earlier: EarlierJobs?) -> EarlierJobs {
        var all = earlier ?? EarlierJobs()
        for name in names { all.add(name) }
        return all
    }

    private mutating func add(_ name: String) {
        if !names.contains(where: { $0.isSameName(as: name) }) { names.append(name) }
    }
}
