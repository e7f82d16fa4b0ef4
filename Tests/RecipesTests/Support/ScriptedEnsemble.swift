import Coordination
import Recipes
import Testing

/// An ensemble, an inbox and a clock in one, which play a script (`Step`).
///
/// The test fails at the line of the step if another question is asked, or if the subject waits where the script has no event
/// for it. It fails too if steps are left over. From a failure on the session counts as expired, so that the subject ends.
///
/// `@unchecked Sendable`: a test is one task, and nothing here calls from another.
final class ScriptedEnsemble: Ensemble, Inbox, Timekeeper, @unchecked Sendable {
    private(set) var session: Session?
    private(set) var now = BootInstant(seconds: 100)
    /// Every question so far.
    private(set) var asked: [Request] = []
    /// How often another server was tried.
    private(set) var drops = 0
    private var alarm: BootInstant?
    private var steps: ArraySlice<Step>
    private var arrived: [Event] = []
    private var hasFailed = false
    /// How often in a row it was looked whether something has arrived, and nothing had.
    private var idleLooks = 0
    /// Where the script is, for what comes behind its end.
    private let line: SourceLocation

    /// - Parameter session: nil: none yet, and no connection.
    init(_ steps: [Step], session: Session? = .mine, line: SourceLocation = #_sourceLocation) {
        self.line = line
        self.steps = steps[...]
        self.session = session
        if let session { arrived = [.session(.connected(session))] }
    }

    deinit {
        guard let step = steps.first, !hasFailed else { return }
        Issue.record("the script goes on with: \(step.text)", sourceLocation: step.line)
    }

    private func fail(_ problem: String) {
        if hasFailed { return }
        hasFailed = true
        guard let step = steps.first else {
            Issue.record("\(problem); the script is over", sourceLocation: line)
            return
        }
        Issue.record("\(problem); the script has: \(step.text)", sourceLocation: step.line)
    }

    // MARK: Ensemble

    func submit(_ requests: [Request], reply: @escaping @Sendable ([Reply]) -> Void) {
        asked += requests
        guard case .turn(let burst, let meanwhile, let duration)? = steps.first?.kind,
            Request.agree(requests.map(\.text), burst.map(\.question)), !hasFailed
        else {
            fail("asked: \(requests.map(\.text).joined(separator: "; "))")
            return reply(requests.map { _ in .failure(Failure(.sessionExpired, path: "")) })
        }
        steps.removeFirst()
        idleLooks = 0
        now = now.advanced(by: duration)
        arrived += meanwhile
        let replies = zip(requests, burst).map { $1.answer.reply(to: $0) }
        if !replies.contains(where: { $0 == nil }) { reply(replies.compactMap(\.self)) }
    }

    func dropConnection() -> Bool {
        drops += 1
        return true
    }

    var server: String? { nil }
    func close(cap: Duration) {}

    /// The data of the newest write to a path.
    func written(_ path: String) -> [UInt8]? { writes(of: path).last }

    /// The data of all writes to a path.
    func writes(of path: String) -> [[UInt8]] {
        asked.flatMap(\.operations).compactMap {
            switch $0 {
            case .create(path, let data, _), .set(path, let data, _): data
            default: nil
            }
        }
    }

    // MARK: Inbox

    func post(_ event: Event) { arrived.append(event) }

    func next() async -> Event {
        if let event = poll() { return event }
        guard !hasFailed, let step = steps.first else {
            fail("waits")
            return .session(.expired)
        }
        switch step.kind {
        case .turn:
            fail("waits")
            return .session(.expired)
        case .event(let event):
            steps.removeFirst()
            return heard(event)
        case .alarm(let instant):
            if alarm != instant { fail("wants to be woken at \(alarm?.seconds.description ?? "no time")") }
            steps.removeFirst()
            now = instant
            return .timer
        case .late(let instant):
            steps.removeFirst()
            now = instant
            return .timer
        }
    }

    func poll() -> Event? {
        if !arrived.isEmpty { return heard(arrived.removeFirst()) }
        idleLooks += 1
        if idleLooks < 1000 { return nil }
        fail("turns in a circle")
        return .session(.expired)
    }

    private func heard(_ event: Event) -> Event {
        idleLooks = 0
        if case .session(.connected(let session)) = event { self.session = session }
        return event
    }

    // MARK: Timekeeper

    func wake(at instant: BootInstant?) { alarm = instant }
}

extension Conversation {
    convenience init(_ ensemble: ScriptedEnsemble, _ job: Job, firstTicket: Int = 0) {
        self.init(ensemble: ensemble, inbox: ensemble, clock: ensemble, job: job, firstTicket: firstTicket)
    }
}

extension BootInstant {
    init(seconds: Double) { self.init(nanoseconds: Int64((seconds * 1000).rounded()) * 1_000_000) }
    var seconds: Double { Double(nanoseconds) / 1e9 }
}

extension Session {
    /// That of the run under test.
    static let mine = Session(id: 5, timeout: .seconds(30))
}
