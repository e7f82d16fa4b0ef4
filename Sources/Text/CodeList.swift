/// Exit codes of a command, as `--success` and `--no-retry` list them: `75` or `1,3-5`.
package struct CodeList: Sendable, Equatable {
    private var ranges: [ClosedRange<Int32>] = []

    package init() {}

    package static let zero = CodeList(0...0)

    private init(_ range: ClosedRange<Int32>) { ranges = [range] }

    /// Nil for what is no list of codes and ranges, the smaller code first.
    package init?(_ text: String) {
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let ends = part.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
                .map { DigitText.parse($0).flatMap { UInt8(exactly: $0) }.map(Int32.init) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return nil }
            ranges.append(first...last)
        }
    }

    package static let form = "codes from 0 to 255, such as 75 or 1,3-5"

    package mutating func add(_ other: CodeList) { ranges += other.ranges }

    /// The option was given once more.
    package func added(to earlier: CodeList?) -> CodeList {
        var all = earlier ?? CodeList()
        all.add(self)
        return all
    }

    package func contains(_ code: Int32) -> Bool { ranges.contains { $0.contains(code) } }

    /// The smallest code that both list, or nil.
    package func first(alsoIn other: CodeList) -> Int32? {
        (0...Int32(UInt8.max)).first { contains($0) && other.contains($0) }
    }
}
