import Fleet
import NIOCore
import NIOHTTP1

/// What ZooKeeper is asked for one visitor only.
///
/// `@unchecked Sendable`: the event loop alone uses what changes.
final class Questions: @unchecked Sendable {
    private let loop: any EventLoop
    private let feed: FleetFeed
    private var open = 0

    init(loop: any EventLoop, feed: FleetFeed) { (self.loop, self.feed) = (loop, feed) }

    /// What is kept of the output of a job's last failed run.
    func output(of job: String, _ page: FleetPage) -> EventLoopFuture<Reply> {
        guard open < Limits.questions else {
            return loop.makeSucceededFuture(
                .refusal(
                    .serviceUnavailable, "too many ask for outputs at once; try again", asJSON: true,
                    [("retry-after", "2")]))
        }
        open += 1
        let question = Question(loop)
        let late = Reply.refusal(.serviceUnavailable, "ZooKeeper does not answer", asJSON: true)
        let patience = loop.scheduleTask(in: Limits.patienceForZooKeeper) { question.settle(late) }
        feed.readOutput(of: job, shownBy: page) { [loop] output in
            loop.execute {
                patience.cancel()
                question.settle(Self.reply(output))
            }
        }
        let reply = question.promise.futureResult
        reply.whenComplete { [self] _ in open -= 1 }
        return reply
    }

    private static func reply(_ output: FleetFeed.Output) -> Reply {
        switch output {
        case .json(let text): .json(text)
        case .none:
            .refusal(
                .notFound, "no output of it is kept; a run leaves it if it has --keep-output and fails", asJSON: true)
        case .failed(let why): .refusal(.serviceUnavailable, why, asJSON: true)
        }
    }
}

/// Answered once.
///
/// `@unchecked Sendable`: the event loop alone uses what changes.
private final class Question: @unchecked Sendable {
    let promise: EventLoopPromise<Reply>
    private var isSettled = false

    init(_ loop: any EventLoop) { promise = loop.makePromise() }

    func settle(_ reply: Reply) {
        if isSettled { return }
        isSettled = true
        promise.succeed(reply)
    }
}
