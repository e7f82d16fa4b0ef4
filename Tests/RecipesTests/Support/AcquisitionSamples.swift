import Coordination
import Testing

@testable import Recipes

extension Step {
    /// The first burst of a run that takes the lock.
    ///
    /// - Parameter watches: PREFIX, by a run that waits for something or needs its group.
    /// - Parameter watchesLock: by a run that waits for permits only.
    static func looks(
        fleet: Answer = .data("{}"), lock: Answer = .noNode, record: Answer = .noNode, line: Answer = .noNode,
        watches: Bool = false, watchesLock: Bool = false, meanwhile: [Event] = [],
        at location: SourceLocation = #_sourceLocation
    ) -> Step {
        .asks(
            [
                watches ? "get /p watched" : "get /p": fleet,
                watchesLock ? "exists /p/locks/a watched" : "exists /p/locks/a": lock,
                "exists /p/jobs": .version(3), "get /p/jobs/a": record, "list /p/waiters/a": line,
            ], meanwhile: meanwhile, line: location)
    }

    /// Lock and record once more, after a wait.
    static func looksAgain(
        lock: Answer = .noNode, record: Answer = .noNode, at location: SourceLocation = #_sourceLocation
    ) -> Step {
        .asks(
            ["exists /p/locks/a watched": lock, "exists /p/jobs": .version(3), "get /p/jobs/a": record], line: location)
    }

    /// The queue of the resource `r`.
    static func lists(_ names: String..., line: SourceLocation = #_sourceLocation) -> Step {
        .asks("list /p/queues/r", .names(names), line: line)
    }

    /// Its permits, of which none is a lost holder's.
    static func counts(_ leases: String..., line: SourceLocation = #_sourceLocation) -> Step {
        .asks(
            [
                "list /p/semaphores/r/leases watched": .names(leases),
                "list /p/semaphores/r/marks watched": .names([]),
            ], line: line)
    }

    /// A first take of the lock, with more operations behind it.
    static func takes(
        _ answer: Answer = .committed, more: String = "", lock: Answer = .owned(by: 5, czxid: 44, made: 1_000_000),
        meanwhile: [Event] = [], at location: SourceLocation = #_sourceLocation
    ) -> Step {
        .asks(
            ["commit create /p/jobs/a, create /p/locks/a ephemeral\(more)": answer, "exists /p/locks/a watched": lock],
            meanwhile: meanwhile, line: location)
    }

    /// A take that follows a record of version 7.
    static func takesOver(
        _ answer: Answer = .committed, more: String = "", made: Int64 = 1_000_000,
        at location: SourceLocation = #_sourceLocation
    ) -> Step {
        .asks(
            [
                "commit set /p/jobs/a if 7, check /p/jobs if 3, create /p/locks/a ephemeral\(more)": answer,
                "exists /p/locks/a watched": .owned(by: 5, czxid: 44, made: made),
            ], line: location)
    }
}

extension Acquisition {
    convenience init(
        _ ensemble: ScriptedEnsemble, _ job: Job, earlierSessions: Set<Int64> = [],
        notice: @escaping (Notice) -> Void = { _ in }
    ) {
        self.init(
            job: job, talk: Conversation(ensemble, job), earlierSessions: earlierSessions, notice: notice)
    }
}

extension Acquisition.Verdict {
    var claims: Claims? { if case .owned(let claims) = self { claims } else { nil } }
    var skip: Acquisition.Skip? { if case .skipped(let skip) = self { skip } else { nil } }
    var isNothingToOwn: Bool { if case .nothingToOwn = self { true } else { false } }
}
