import Coordination
import Recipes

/// What became of the output that was sent in front of the release (`--keep-output`). The release never waits for it.
package struct OutputKeeping: Sendable {
    /// Of the request, until it is answered.
    var ticket: Int?
    /// There is no node for it yet. It is made once all is released.
    package internal(set) var isMissing = false
}

extension Tenure {
    /// In a transaction of its own, since one that is refused, or too big for a server, must not keep the lock: sent once, in one
    /// burst with the release and before it, so that the lock is still ours.
    mutating func keepOutput(of run: PastRun) {
        guard job.keptOutputBytes != nil, let record = claims?.record, !run.hasSucceeded,
            run.outcome != Outcome.released.rawValue
        else { return }
        let header = KeptOutput(
            token: run.token, host: job.host, endedMilliseconds: claims?.serverMilliseconds(at: now),
            outcome: run.outcome, code: run.code)
        keeping.ticket = nextTicket()
        actions.append(.keepOutput(ticket: tickets, header, record: record.path, version: record.version))
    }

    mutating func settledOutput(_ replies: [Reply]) {
        keeping.ticket = nil
        guard case .failure(let failure)? = replies.first else { return }
        // The first operation is the check of the record.
        if failure.reason == .noNode, failure.operation == 1 { return keeping.isMissing = true }
        actions.append(.say(.outputNotKept("\(failure)")))
    }

    /// The run ends without the answer.
    mutating func forgetOutput() {
        guard keeping.ticket != nil else { return }
        keeping.ticket = nil
        actions.append(.say(.outputNotKept("no server has acknowledged it")))
    }
}
