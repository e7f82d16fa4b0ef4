/// The known word that somebody probably meant.
package enum NearestWord {
    /// The known word of which this one is a slip of the finger; nil if none is near enough: a stranger is not suggested. Near is
    /// what takes fewest insertions, deletions, replacements and swaps of neighbours; the first of several as near. Case does not
    /// count, and words that differ in numbers alone are meant as they are written.
    package static func slip(_ word: String, among known: [String]) -> String? {
        let written = Array(word.lowercased().utf8)
        let allowed = written.count < 3 ? 0 : written.count < 6 ? 1 : written.count < 12 ? 2 : 3
        var nearest: (word: String, distance: Int)?
        for candidate in known {
            let other = Array(candidate.lowercased().utf8)
            guard abs(other.count - written.count) <= allowed, written.count <= longest,
                written == other || withoutDigits(written) != withoutDigits(other)
            else { continue }
            let distance = distance(written, other)
            if distance <= allowed, distance < nearest?.distance ?? .max { nearest = (candidate, distance) }
        }
        return nearest?.word
    }

    /// `did you mean "backup"?`, without quotes for what needs none.
    package static func question(_ meant: String, isQuoted: Bool = true) -> String {
        let mark = isQuoted ? "\"" : ""
        return "did you mean \(mark)\(Excerpt.of(meant, longest: longest))\(mark)?"
    }

    /// The same as the end of a message; empty if nothing is near enough.
    package static func hint(_ meant: String?, isQuoted: Bool = true) -> String {
        meant.map { "; " + question($0, isQuoted: isQuoted) } ?? ""
    }

    /// The same in front of what to do if nothing near was meant; empty if nothing is near enough.
    package static func otherwise(_ meant: String?) -> String { meant.map { question($0) + " If not, " } ?? "" }

    /// Of the fleet's names a run compares no more than this with one that is unknown: what that would cost is not worth it.
    package static let mostCompared = 1000

    /// In bytes, as the longest name of a host.
    private static let longest = 255

    private static func withoutDigits(_ word: [UInt8]) -> [UInt8] {
        word.filter { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func distance(_ from: [UInt8], _ to: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...to.count)
        for (row, byte) in from.enumerated() {
            var current = [row + 1]
            for (column, other) in to.enumerated() {
                var cost = min(
                    previous[column] + (byte == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, byte == to[column - 1], from[row - 1] == other {
                    cost = min(cost, beforePrevious[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[to.count]
    }
}
