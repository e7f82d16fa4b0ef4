import Coordination
import Recipes
import Supervision
import Text

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
    private var replies = Known<Question, Reply>()
    /// Each with a watch on its beginning.
    private var missing = Known<String, Reply>()
    /// What was made of the jobs' records.
    private var records = Known<ExactName, (data: [UInt8], record: JobRecord?)>()
    /// Locks and records that were seen to have stood so at one moment.
    private var pairs = Known<ExactName, LockPair.Identity>()
    /// Of which a watch has fired since the questions were asked that are under way: their replies may be older than that.
    private var fired: Set<String> = []

    init(_ loop: EventLoop) { self.loop = loop }

    // MARK: Questions

    /// What is asked from here on is one look at the whole.
    func beginLook() {
        replies.beginLook()
        missing.beginLook()
        records.beginLook()
        pairs.beginLook()
    }

    /// What was not asked for in it is forgotten.
    func endLook() {
        replies.endLook()
        missing.endLook()
        records.endLook()
        pairs.endLook()
    }

    func beginQuestions() { fired = [] }

    /// The reply to a request, if it is known.
    func reply(to request: Request) -> Reply? {
        guard let question = Self.question(request) else {
            if case .exists(let path, watch: true) = request { return missing[path] }
            return nil
        }
        return replies[question] ?? missing[question.path]
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
        if let known = records[job], known.data == data { return known.record }
        let record = JobRecord(bytes: data)
        records[job] = (data, record)
        return record
    }

    func note(_ pair: LockPair, of job: ExactName) { pairs[job] = pair.identity }
    func isKnown(_ pair: LockPair, of job: ExactName) -> Bool { pairs[job] == pair.identity }

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

/// What was asked for in this look, and of what was known before it the part that was not asked for yet.
private struct Known<Key: Hashable, Value> {
    private var asked: [Key: Value] = [:]
    private var former: [Key: Value] = [:]

    mutating func beginLook() { (asked, former) = ([:], asked) }
    mutating func endLook() { former = [:] }

    subscript(key: Key) -> Value? {
        mutating get {
            if let value = former.removeValue(forKey: key) { asked[key] = value }
            return asked[key]
        }
        set {
            former[key] = nil
            asked[key] = newValue
        }
    }
}
