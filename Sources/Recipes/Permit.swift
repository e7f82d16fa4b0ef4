/// What is known of one contender's permits from the name of its lease or of its mark.
package struct Permit: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The original's lease, `COUNT_TOTAL_SEQ`.
        case original(sequence: Int64)
        /// Our lease, `COUNT_TOTAL_SESSION_SEQ`: the claim.
        case lease(session: String, sequence: Int64)
        /// Our mark, `COUNT_TOTAL_SESSION_N_TERM`: a command may still be running, for this many seconds at most.
        case mark(session: String, termSeconds: Int64)
    }

    /// What is taken of the total: nothing where the name has less.
    package let count: Int64
    package let total: Int64
    package let kind: Kind
    package let name: String

    /// Nil for a name of neither form.
    package init?(lease name: String) {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        // The original makes leases of no permits and of less, for those whose arithmetic comes to that.
        guard let (count, total) = Self.numbers(parts, least: parts.count == 3 ? .min : 1),
            let sequence = SequenceNumber.parseAny(parts[parts.count - 1])
        else { return nil }
        switch parts.count {
        case 3: kind = .original(sequence: sequence)
        case 4 where Self.isSession(parts[2]): kind = .lease(session: String(parts[2]), sequence: sequence)
        default: return nil
        }
        (self.count, self.total, self.name) = (max(0, count), total, name)
    }

    package init?(mark name: String) {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        guard let (count, total) = Self.numbers(parts, least: 1), parts.count == 5, Self.isSession(parts[2]),
            Int64(parts[3]) != nil, let term = Int64(parts[4]), term >= 0, term <= Term.secondsMax
        else { return nil }
        kind = .mark(session: String(parts[2]), termSeconds: term)
        (self.count, self.total, self.name) = (count, total, name)
    }

    package var session: String? {
        switch kind {
        case .original: nil
        case .lease(let session, _), .mark(let session, _): session
        }
    }

    package var sequence: Int64? {
        switch kind {
        case .original(let sequence), .lease(_, let sequence): sequence
        case .mark: nil
        }
    }

    private static func numbers(_ parts: [Substring], least: Int64) -> (Int64, Int64)? {
        guard parts.count >= 3, let count = Int64(parts[0]), let total = Int64(parts[1]), count >= least,
            count <= total, (1...Self.limit).contains(total)
        else { return nil }
        return (count, total)
    }

    /// Beyond 2^53 the original's doubles cannot count.
    private static let limit: Int64 = 1 << 53

    private static func isSession(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 16 && UInt64(text, radix: 16) != nil
    }
}
