/// Numbers of a resource's permits, counted from 1: those of one lease, or all that are in use.
///
/// Docs/Protocol.md, "Slots". Kept as ranges, since a lease may have 2^53 permits.
package struct SlotSet: Sendable, Equatable {
    /// In rising order, with a gap between each two.
    package private(set) var ranges: [ClosedRange<Int64>] = []

    package init(_ ranges: some Sequence<ClosedRange<Int64>>) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let last = self.ranges.last, range.lowerBound - 1 <= last.upperBound else {
                self.ranges.append(range)
                continue
            }
            let upper = max(last.upperBound, range.upperBound)
            self.ranges[self.ranges.count - 1] = last.lowerBound...upper
        }
    }

    /// As the command reads it: `3-4,7`.
    package var text: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    package var isEmpty: Bool { ranges.isEmpty }

    package func overlaps(_ other: SlotSet) -> Bool {
        ranges.contains { range in other.ranges.contains { $0.overlaps(range) } }
    }

    /// The lowest numbers from 1 to the total that are not in this set.
    ///
    /// - Returns: nil if there are too few of them, if they lie in more ranges than marks are made for, or if the total is
    ///   larger than a mark can number.
    func lowestFree(_ count: Int64, of total: Int64) -> SlotSet? {
        guard count > 0, total <= Permit.numberedTotalMax else { return nil }
        var free: [ClosedRange<Int64>] = []
        var missing = count
        var next: Int64 = 1
        // What ends the last gap is as good as in use.
        for used in ranges.map({ $0.lowerBound...$0.upperBound }) + [(total + 1)...(total + 1)] {
            let end = min(used.lowerBound - 1, total)
            if next <= end, missing > 0 {
                let last = min(end, next + missing - 1)
                free.append(next...last)
                missing -= last - next + 1
            }
            next = max(next, used.upperBound + 1)
        }
        return missing == 0 && free.count <= Self.rangesMax ? SlotSet(free) : nil
    }

    /// Each range is a node of its own, made by the take: a resource of ten thousand small pieces is no place for numbers.
    static let rangesMax = 16
}
