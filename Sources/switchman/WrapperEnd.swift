import Coordination
import Glibc
import Invocation
import POSIX
import Recipes
import Reporting
import Run
import Supervision
import Text

/// What the user is told of the end of a run.
extension Wrapper {
    func tell(_ ended: Ended, _ story: Life.Story) {
        if codes.isSkip(ended) {
            tellOfSkip(complaint(ended) ?? ended.outcome.rawValue)
        } else if let line = complaint(ended) {
            log.error(line)
        } else if plan.job.hasSucceeded(ended) {
            if let code = ended.code, code != 0 { log.info("the command exited with \(code); that is a success") }
        } else if ended.outcome == .ran, let code = ended.code {
            log.info("failed: the command exited with \(code)")
        } else if let signal = ended.signal {
            // The command's own end, or somebody's wish: either way it is what the exit code says.
            if story.held == nil {
                log.info("signal \(signal) ended the run before its command was started")
            } else {
                log.info("failed: signal \(signal) ended the command")
            }
        }
        let held = story.held.map { " held=\(Self.seconds($0))" } ?? ""
        let token = story.token.map { " token=\($0)" } ?? ""
        log.info(
            """
            outcome=\(ended.outcome.rawValue) code=\(codes.code(for: ended)) waited=\(Self.seconds(story.waited))\
            \(held)\(token) lock=\(Excerpt.of(plan.job.lockname))
            """,
            fields: fields(ended, story))
    }

    /// cron mails whatever is written, so a skip is silent; but who sits before a terminal wants to know why nothing has happened.
    private func tellOfSkip(_ why: String) {
        if plan.verbosity == .normal, isatty(STDERR_FILENO) == 1 { log.show("skipped: \(why)") }
        log.info("skipped: \(why)")
    }

    /// The same for programs.
    private func fields(_ ended: Ended, _ story: Life.Story) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "outcome": .string(ended.outcome.rawValue), "code": .integer(Int64(codes.code(for: ended))),
            "waited_seconds": .number(story.waited.seconds),
        ]
        fields["held_seconds"] = story.held.map { .number($0.seconds) }
        fields["token"] = story.token.map { .integer($0) }
        fields["reason"] = reason(ended).map { .string($0) }
        return fields
    }

    /// One line, whatever the path or the znode that it names.
    func reason(_ ended: Ended) -> String? {
        (complaint(ended) ?? ended.reason).map { Excerpt.of($0, longest: Self.longestReason) }
    }

    /// Four bytes a character at most, it leaves room in a line of the log for all the rest.
    private static let longestReason = 400

    private func complaint(_ ended: Ended) -> String? {
        switch ended.outcome {
        case .notFound, .notExecutable:
            return ExecFailure(plan.program, errno: ended.errno ?? EACCES).message
                + (ended.outcome == .notFound ? ControlVerb.hint(at: plan.program) : "")
        case .osError:
            return ended.errno.map { "cannot start the command: \(String(errno: $0))\(LaunchFailure.remedy($0))" }
                ?? ended.reason
        // Told when it happened.
        case .lost: return nil
        default: return ended.reason
        }
    }

    static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.nanoseconds / 1_000_000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return "\(milliseconds / 1000).\(fraction)s"
    }
}
