/// What was found of pairs of lines already: each takes a walk over the dates of 28 years.
struct CrontabMeetings {
    private struct Pair: Hashable {
        let due, other: CrontabDue
    }

    private var known: [Pair: CrontabDue.Meeting] = [:]
    /// Some seconds' worth. Nothing is said of the others.
    private static let most = 300

    /// The best of a line's meetings with these; nil if there are none, or too many.
    mutating func best(of due: CrontabDue, with others: Set<CrontabDue>) -> CrontabDue.Meeting? {
        var best: CrontabDue.Meeting?
        for other in others {
            let pair = Pair(due: due, other: other)
            guard known[pair] != nil || known.count < Self.most else { return nil }
            let meeting = known[pair] ?? due.meeting(with: other)
            known[pair] = meeting
            best = min(best ?? meeting, meeting)
        }
        return best
    }
}
