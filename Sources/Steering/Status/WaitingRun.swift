import Text

/// A run of one job that waits for the lock, for permits, or for both, as the head of the lock's queue may.
package struct WaitingRun: Sendable {
    package let contender: Contender
    let isForLock: Bool
    /// Those that it wants permits of.
    package let resources: [String]

    /// More of them are not named in a sentence.
    private static let named = 3

    /// What it waits for, for a sentence.
    package var target: String {
        if resources.isEmpty { return "its turn at the lock" }
        let names = resources.prefix(Self.named).map { Excerpt.of($0, longest: 255) }.joined(separator: ", ")
        return "permits of \(names)" + (resources.count > Self.named ? ", ..." : "")
    }

    /// The same for a column.
    var targets: String { ((isForLock ? ["its lock"] : []) + resources).joined(separator: ", ") }
}

extension LockStatus {
    /// Every run that waits: first those in the lock's queue, then those that only want permits, each first come first.
    package var line: [WaitingRun] {
        let permits = Dictionary(
            permitWaits.runs.map { ($0.contender.session, $0.resources) }, uniquingKeysWith: { first, _ in first })
        let sessions = Set(waiting.map(\.session))
        return waiting.map {
            WaitingRun(contender: $0, isForLock: true, resources: permits[$0.session] ?? [])
        }
            + permitWaits.runs.filter { !sessions.contains($0.contender.session) }
            .map { WaitingRun(contender: $0.contender, isForLock: false, resources: $0.resources) }
    }

    /// Who waits, in a part of a sentence; nil if nobody does.
    package var lineSentence: String? {
        guard let first = line.first else { return nil }
        let (contender, more) = (first.contender, line.count - 1)
        let who = Excerpt.of(contender.host, longest: 255) + (contender.pid.map { ", process \($0)," } ?? "")
        let others = more == 0 ? "" : ", and \(more) more wait\(more == 1 ? "s" : "")"
        return "a run on \(who) waits for \(first.target), since \(contender.since.localWithZone)\(others)"
    }
}
