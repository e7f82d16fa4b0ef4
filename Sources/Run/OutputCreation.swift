import Coordination
import Recipes

/// Makes the node of a job's first kept output, when all is released. One burst that is sent once.
struct OutputCreation {
    let ensemble: any Ensemble
    let inbox: any Inbox
    let clock: any Timekeeper
    let job: Job
    /// Of no other request.
    let ticket: Int

    /// Nobody waits for this run any more but its caller.
    private static let patience = Duration.seconds(1)

    /// Nil: it is there; else why it is not.
    func perform(_ output: KeptOutput) async -> String? {
        let inbox = inbox, ticket = ticket
        let requests: [Request] = [
            .multi([.create(job.layout.outputs, data: job.nodeData, .persistent)]),
            .multi([.create(job.layout.output(job.lockname), data: output.encoded(), .persistent)]),
        ]
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
