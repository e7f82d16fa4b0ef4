import Coordination
import Recipes

/// Makes a node of a job that a run has found missing, when all is released: of the first output that is kept, of a place in the
/// history of runs without a lock. One burst that is sent once.
struct NodeCreation {
    let ensemble: any Ensemble
    let inbox: any Inbox
    let clock: any Timekeeper
    let job: Job
    /// Of no other request.
    let ticket: Int

    /// Nobody waits for this run any more but its caller.
    private static let patience = Duration.seconds(1)

    /// Nil: it is there; else why it is not.
    func perform(_ path: String, _ data: [UInt8]) async -> String? {
        let inbox = inbox, ticket = ticket
        let parents = Layout.ancestors(of: path).filter { $0.utf8.count > job.layout.prefix.utf8.count }
        let requests =
            parents.map { Request.multi([.create($0, data: job.nodeData, .persistent)]) }
            + [.multi([.create(path, data: data, .persistent)])]
        let until = clock.now.advanced(by: Self.patience)
        ensemble.submit(requests) { inbox.post(.replies(ticket: ticket, $0)) }
        while clock.now < until {
            clock.wake(at: until)
            if case .replies(ticket, let replies) = await inbox.next() { return objection(replies) }
        }
        return "no server has acknowledged it"
    }

    private func objection(_ replies: [Reply]) -> String? {
        if replies.last?.failureReason == .nodeExists { return "another run has made the node meanwhile" }
        for case .failure(let failure) in replies where failure.reason != .nodeExists { return "\(failure)" }
        return nil
    }
}
