/// Sums of what others have written, which may be of any size.
extension Int64 {
    /// The sum, or the largest number there is. Neither may be below zero.
    package func addedUp(with other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}

extension Sequence<Int64> {
    /// The sum of all, likewise.
    package var sum: Int64 { reduce(0) { $0.addedUp(with: $1) } }
}
