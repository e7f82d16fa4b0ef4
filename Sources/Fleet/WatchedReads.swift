import Coordination
import Recipes
import Supervision

/// What was read under a watch that has not fired since: it is still so, and is not asked for again. For whoever reads a whole
/// fleet after each change of it.
///
/// Source: "ZooKeeper Watches" in the Programmer's Guide: a client is told of a change before it sees what has come of it.
///
/// `@unchecked Sendable`: `post` may be called by any thread, everything else belongs to the loop's.
final class WatchedReads: Inbox, @unchecked Sendable {
    private enum Kind { case data, children }

    private struct Question: Hashable {
        let kind: Kind
        let path: String
    }

    private let loop: EventLoop
    private var replies: [Question: Reply] = [:]
    /// Each with a watch on its beginning.
    private var missing: [String: Reply] = [:]
    /// What is not known to be of use any more, until it is asked for.
    private var unused: (questions: Set<Question>, missing: Set<String>) = ([], [])
    /// Of which a watch has fired since the questions were asked that are under way: their replies may be older than that.
    private var fired: Set<String> = []

    /// What was made of the jobs' records in this look, and in the one before.
    private var records: [ExactName: (data: [UInt8], record: JobRecord?)] = [:]
    private var formerRecords: [ExactName: (data: [UInt8], record: JobRecord?)] = [:]

    init(_ loop: EventLoop) { self.loop = loop }

    // MARK: Questions

    /// What is asked from here on is one look at the whole.
    func beginLook() {
        unused = (Set(replies.keys), Set(missing.keys))
        (records, formerRecords) = ([:], records)
    }

    /// What was not asked for in it is forgotten.
    func endLook() {
        for question in unused.questions { replies[question] = nil }
        for path in unused.missing { missing[path] = nil }
        formerRecords = [:]
    }

    func beginQuestions() { fired = [] }

    /// The reply to a request, if it is known.
    func reply(to request: Request) -> Reply? {
        guard let question = Self.question(request) else {
            if case .exists(let path, watch: true) = request { return missing(path) }
            return nil
        }
        if let reply = replies[question] {
            unused.questions.remove(question)
            return reply
        }
        return missing(question.path)
    }

    private func missing(_ path: String) -> Reply? {
        unused.missing.remove(path)
        return missing[path]
    }

    func note(_ reply: Reply, to request: Request) {
        guard !fired.contains(request.path) else { return }
        if let question = Self.question(request) {
            if reply.failureReason == nil { replies[question] = reply }
        } else if case .exists(let path, watch: true) = request, reply.failureReason == .noNode {
            missing[path] = reply
        }
    }

    /// Parsed at most once.
    func record(of job: ExactName, _ data: [UInt8]) -> JobRecord? {
        if let known = formerRecords[job], known.data == data {
            records[job] = known
            return known.record
        }
        let record = JobRecord(bytes: data)
        records[job] = (data, record)
        return record
    }

    private static func question(_ request: Request) -> Question? {
        switch request {
        case .get(let path, watch: true): Question(kind: .data, path: path)
        case .children(let path, watch: true): Question(kind: .children, path: path)
        default: nil
        }
    }

    // MARK: Inbox

    func post(_ event: Event) { loop.post(event) }
    func next() async -> Event { seen(await loop.next()) }
    func poll() -> Event? { loop.poll().map(seen) }

    /// Whose path is noted here needs to be noted nowhere else: there are as many as there have ever been waiters.
    private func seen(_ event: Event) -> Event {
        guard case .watch(let path, _) = event else { return event }
        fired.insert(path)
        replies[Question(kind: .data, path: path)] = nil
        replies[Question(kind: .children, path: path)] = nil
        missing[path] = nil
        return .watch(path: "", .changed)
    }
}
