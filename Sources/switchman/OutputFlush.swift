import Coordination
import Glibc
import Invocation
import Reporting
import POSIX
import Recipes
import Run
import Supervision

/// What the command has written and its reader has not taken yet, when nothing of the command lives and all is released.
///
/// Without `--keep-output` the command itself would wait for its reader, and would be ended by what ends a command. So it is
/// here: one that has ended by itself has its output passed on, however long that takes; a signal, and `--timeout`, end it.
struct OutputFlush {
    let plan: Plan
    let supervisor: Supervisor
    let log: RunLog

    /// For what was written before a kill: a reader that is there takes it in that time.
    private static let patience = Duration.seconds(1)

    /// Whether all is passed on.
    @discardableResult func isDone(within duration: Duration) async -> Bool {
        guard let capture = supervisor.capture else { return true }
        capture.conclude()
        return await isDone(capture, until: supervisor.loop.now.advanced(by: duration)) { false }
    }

    /// - Parameter held: since when the command was started, in all.
    /// - Returns: how the run ends for its caller, who has not seen all: a success is none to him. Nil: as it was.
    func perform(after ended: Ended, held: Duration?) async -> Ended? {
        guard let capture = supervisor.capture else { return nil }
        let guardian = supervisor.guardian
        let began = supervisor.loop.now
        var end: Ended?
        // Who was asked to end, and has lived on for longer than that, has not ended for it.
        let recently = began.advanced(by: .zero - plan.grace - Self.patience)
        func askedToEndBy() -> Int32? { guardian.askedToEnd(since: recently) }
        let isByItself = ended.outcome == .signaled && askedToEndBy() == nil
        if ended.outcome == .ran || isByItself {
            let limit = plan.job.timeout.map { $0 - (held ?? .zero) }
            let until = limit.map { began.advanced(by: max($0, Self.patience)) } ?? .never
            let isDone = await isDone(capture, until: until) { askedToEndBy() != nil }
            // Whoever was asked to end while the command still ran has ended it in time.
            if !isDone, await !self.isDone(within: Self.patience) {
                end = Self.end(by: askedToEndBy())
            }
        } else if await !isDone(within: Self.patience) {
            end = ended
        }
        for (stream, errno) in capture.failures { log.warning("\(stream) cannot be written: \(String(errno: errno))") }
        if end != nil, let count = capture.heldBack {
            log.warning("\(count) bytes that the command has written were not taken by their reader, and are lost")
        }
        return end
    }

    private static func end(by signal: Int32?) -> Ended {
        guard let signal else { return Ended(outcome: .timeout) }
        return Ended(outcome: .signaled, code: 128 + signal, signal: signal)
    }

    private func isDone(_ capture: OutputCapture, until: BootInstant, isOver: () -> Bool) async -> Bool {
        let loop = supervisor.loop
        while capture.heldBack != nil, loop.now < until, !isOver() {
            loop.wake(at: until)
            _ = await loop.next()
        }
        return capture.heldBack == nil
    }
}

extension KeptOutput {
    /// With what the command has written, when nothing of it lives any more.
    mutating func fill(from capture: OutputCapture?) {
        guard let capture else { return }
        capture.conclude()
        (bytes, written) = capture.content
        (hasOutput, hasErrors) = (capture.hasOutput, capture.hasErrors)
    }
}
