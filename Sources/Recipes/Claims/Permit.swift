import Coordination

/// What is known of one contender's permits from the name of its lease or of its mark.
package struct Permit: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The original's lease, `COUNT_TOTAL_SEQ`.
        case original(sequence: Int64)
        /// Our lease, `COUNT_TOTAL_SESSION_SEQ`: the claim.
        case lease(session: String, sequence: Int64)
        /// Our mark, `COUNT_TOTAL_SESSION_N_TERM`: a command may still be running, for this many seconds at most. A lease whose
        /// numbers lie in several ranges has a mark for each.
        case mark(session: String, termSeconds: Int64)
    }

    /// What is taken of the total: nothing where the name has less.
    package let count: Int64
    package let total: Int64
    package let kind: Kind
    package let name: String
    /// The numbers of these permits: of a mark, unless an older version wrote it.
    package private(set) var slots: ClosedRange<Int64>?

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
            let n = Int64(parts[3]), let term = Int64(parts[4]), term >= 0, term <= Term.secondsMax
        else { return nil }
        kind = .mark(session: String(parts[2]), termSeconds: term)
        (self.count, self.total, self.name) = (count, total, name)
        let first = n / Self.takesMax
        if first > 0 { slots = first...(first + count - 1) }
    }

    /// The name of a mark.
    ///
    /// - Parameters:
    ///   - n: counts the takes of a session, from 1 on.
    ///   - first: the number of the first of these permits, if they are numbered. It stands in front of the digits of N, since
    ///     versions that know of no numbers take any whole number there.
    static func mark(
        _ count: Int64, of total: Int64, session: Session, n: Int, term: Term, first: Int64?
    ) -> String {
        "\(count)_\(total)_\(session.text)_\((first ?? 0) * takesMax + Int64(n) % takesMax)_\(term.seconds)"
    }

    /// Where the number begins in a mark's N, in decimal. No session takes as often.
    private static let takesMax: Int64 = 1_000_000_000
    /// Up to here a number fits into N, which has 63 bits.
    static let numberedTotalMax: Int64 = 1_000_000_000

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

    private static func isSession(_ text: Substring) -> Bool { SessionID(text: String(text)) != nil }
}
