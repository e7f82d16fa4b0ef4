import Coordination
import POSIX
import Recipes
import Steering
import Text
import ZooKeeper

/// The session of the moment, for what is read for one visitor only, on whatever thread he is served.
///
/// `@unchecked Sendable`: behind its lock.
final class CurrentSession: @unchecked Sendable {
    private let lock = Lock()
    private var client: Client?

    func set(_ new: Client?) {
        lock.hold()
        client = new
        lock.release()
    }

    var current: Client? {
        lock.hold()
        defer { lock.release() }
        return client
    }
}

extension FleetFeed {
    public enum Output: Sendable {
        /// What `switchmanctl output --json` prints.
        case json(String)
        case none
        /// Why it cannot be told, in a line.
        case failed(String)
    }

    /// Reads what is kept of the output of a job's last failed run.
    ///
    /// - Parameters:
    ///   - page: says which runs came since.
    ///   - hear: called once, on this thread or one of the client library's; not at all if the servers say nothing for as
    ///   long as a session lasts, or longer.
    public func readOutput(of job: String, shownBy page: FleetPage, hear: @escaping @Sendable (Output) -> Void) {
        if NodeName.objection(to: Array(job.utf8), longestBytes: Self.longestName) != nil { return hear(.none) }
        guard let client = session.current else { return hear(.failed("there is no session with ZooKeeper")) }
        client.submit([.get(layout.output(job), watch: false)]) { replies in
            hear(
                replies.first.map { Self.output(of: job, $0, page.runs(of: job)) }
                    ?? .failed("ZooKeeper has not answered"))
        }
    }

    private static let longestName = 1024
    /// No run keeps more than `KeptOutput.bytesMax`, and a line in front of it.
    private static let mostBytes = 2 * KeptOutput.bytesMax

    private static func output(of job: String, _ reply: Reply, _ runs: [RunLine]) -> Output {
        do throws(Interruption) {
            guard let node = try reply.node() else { return .none }
            guard node.data.count <= mostBytes, let kept = KeptOutput(bytes: node.data) else {
                return .failed("what is kept there is not the output of a run")
            }
            return .json(OutputText(kept, of: job, runs: runs).json.plainText + "\n")
        } catch {
            guard case .failed(_, let why)? = Complaint(error) else { return .failed("ZooKeeper does not tell it") }
            return .failed(Excerpt.line(why))
        }
    }
}
