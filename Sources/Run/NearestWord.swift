/// The known word that somebody probably meant.
package enum NearestWord {
    /// Fewest insertions, deletions, replacements and swaps of neighbours; the first of several as near.
    package static func to(_ word: String, among known: [String]) -> String? {
        // What is longer than this is no slip of the finger, and the table below is quadratic.
        let written = Array(word.lowercased().utf8.prefix(64))
        return known.min { distance(written, Array($0.utf8)) < distance(written, Array($1.utf8)) }
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
