import Run
import Text

/// What this host has counted of one lockname, in Prometheus's text format.
package struct Metrics {
    private struct Series: Hashable {
        let family: MetricFamily
        var suffix = ""
        /// Of the family's own label; one of our words, so that nothing in it needs an escape.
        var word = ""
    }

    /// Bytes that are not what we have written for this lockname.
    package struct Damage: Error {}

    private let lockname: String
    private var values: [Series: Double] = [:]

    package init(lockname: String) { self.lockname = lockname }

    // MARK: Counting

    package mutating func add(_ sample: RunSample) {
        // A counter that appears with its first event has no increase that anybody could see.
        values[Series(family: .runs, word: Outcome.ran.rawValue), default: 0] += 0
        for family in [MetricFamily.successes, .losses, .kills] { values[Series(family: family), default: 0] += 0 }
        observe(.waited, sample.waitedSeconds)
        observe(.held, sample.heldSeconds)
        if sample.isSkip { return count(Series(family: .skips, word: sample.outcome.rawValue)) }
        count(Series(family: .runs, word: sample.outcome.rawValue))
        values[Series(family: .lastRun)] = sample.endedSeconds
        if sample.outcome == .lost { count(Series(family: .losses)) }
        if sample.wasKilled { count(Series(family: .kills)) }
        if sample.succeeded {
            count(Series(family: .successes))
            values[Series(family: .lastSuccess)] = sample.endedSeconds
        }
    }

    private mutating func count(_ series: Series) { values[series, default: 0] += 1 }

    private mutating func observe(_ family: MetricFamily, _ seconds: Double?) {
        let sum = (values[Series(family: family, suffix: "_sum")] ?? 0) + (seconds ?? 0)
        // Milliseconds are what there is; without this, a thousand sums show the errors of binary fractions.
        let rounded = (sum * 1000).rounded() / 1000
        values[Series(family: family, suffix: "_sum")] = rounded.isFinite ? rounded : sum
        values[Series(family: family, suffix: "_count"), default: 0] += seconds == nil ? 0 : 1
    }

    // MARK: Writing

    package var text: String {
        var text = ""
        for family in MetricFamily.allCases {
            let lines = lines(of: family)
            if lines.isEmpty { continue }
            text += MetricText.heading(family.rawValue, help: family.help, type: family.type)
            for line in lines { text += line + "\n" }
        }
        return text
    }

    private func lines(of family: MetricFamily) -> [String] {
        family.suffixes.flatMap { suffix in
            values.filter { $0.key.family == family && $0.key.suffix == suffix }.sorted { $0.key.word < $1.key.word }
                .map { series, value in
                    let label = family.label.map { ",\($0)=\"\(series.word)\"" } ?? ""
                    return "\(family.rawValue)\(suffix)\(head)\(label)} \(MetricText.number(value))"
                }
        }
    }

    /// How every list of labels begins.
    private var head: String { "{\(MetricText.label("lockname", lockname))" }

    // MARK: Reading

    /// Reads what `text` wrote. What a later version counts besides is let go.
    package init(bytes: [UInt8], lockname: String) throws(Damage) {
        self.init(lockname: lockname)
        guard bytes.last == UInt8(ascii: "\n"), let text = String(validating: bytes, as: UTF8.self) else {
            throw Damage()
        }
        let head = Array(head.utf8)
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
            guard let (series, value) = try Self.series(in: Array(line), head: head) else { continue }
            values[series] = value
        }
        if values.isEmpty { throw Damage() }
    }

    /// Nil: nothing that we know.
    private static func series(in line: [UInt8], head: [UInt8]) throws(Damage) -> (Series, Double)? {
        let name = line.prefix { $0 != UInt8(ascii: "{") }
        let labels = line.dropFirst(name.count)
        // The word and the value hold no brace; the lockname before them may.
        guard name.starts(with: Array("switchman_".utf8)), labels.starts(with: head),
            let end = labels.lastIndex(of: UInt8(ascii: "}"))
        else { throw Damage() }
        let rest = labels[(labels.startIndex + head.count)...]
        guard end >= rest.startIndex,
            let value = Double(String(decoding: rest[(end + 1)...].dropFirst(), as: UTF8.self)), value.isFinite,
            value >= 0
        else { throw Damage() }
        guard let (family, suffix) = family(named: String(decoding: name, as: UTF8.self)) else { return nil }
        let label = rest[..<end]
        guard let key = family.label.map({ Array(",\($0)=\"".utf8) }) else {
            guard label.isEmpty else { throw Damage() }
            return (Series(family: family, suffix: suffix), value)
        }
        let word = label.dropFirst(key.count).dropLast()
        guard label.starts(with: key), label.last == UInt8(ascii: "\""), !word.isEmpty,
            word.allSatisfy({ $0 == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) })
        else { throw Damage() }
        return (Series(family: family, suffix: suffix, word: String(decoding: word, as: UTF8.self)), value)
    }

    private static func family(named name: String) -> (MetricFamily, suffix: String)? {
        for family in MetricFamily.allCases {
            for suffix in family.suffixes where family.rawValue + suffix == name { return (family, suffix) }
        }
        return nil
    }
}
