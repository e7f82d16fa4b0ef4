import Coordination

/// The sessions that a run has used up before it could start anything.
///
/// One that ends sooner than silence could end it was ended by the servers. That happens (an operator, a restored snapshot); but
/// servers that do it each time would be asked without end, so there is a pause from the second in a row on, and an end.
struct Renewals {
    private var inRow = 0
    private var since: BootInstant?
    private var begun: BootInstant

    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)

    init(at now: BootInstant) { begun = now }

    enum Verdict: Equatable {
        case goOn(pause: Duration)
        case giveUp(sessions: Int)
    }

    /// A session is over.
    mutating func ended(_ session: Session?, at now: BootInstant, patience: Duration) -> Verdict {
        defer { begun = now }
        let isNatural = session.map { begun.duration(to: now) >= $0.timeout } ?? true
        if isNatural {
            (inRow, since) = (0, nil)
            return .goOn(pause: .zero)
        }
        inRow += 1
        let first = since ?? now
        since = first
        if inRow > 2, first.duration(to: now) >= patience { return .giveUp(sessions: inRow) }
        let pause = inRow < 2 ? .zero : min(Self.firstPause * (1 << min(inRow - 2, 10)), Self.longestPause)
        return .goOn(pause: pause)
    }
}
