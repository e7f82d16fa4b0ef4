package import Coordination
package import Recipes
import Reporting
package import Run

/// What `switchman --dry-run` and `switchmanctl explain` say: the run's own decision, short of taking anything.
package struct Preview: Sendable {
    private let plan: Plan

    /// What else may have been meant by a command that is not there, for the end of the sentence.
    private let hint: String

    package init(plan: Plan, hint: String = "") { (self.plan, self.hint) = (plan, hint) }

    package enum Answer: Sendable {
        case forecast(Forecast)
        /// Why there is no answer, with the outcome that a run would have had.
        case failed(Ended)
    }

    /// - Parameter ensemble: a session that is about to be connected, and that hears of nothing else.
    package func perform(asking ensemble: any Ensemble, on loop: any Inbox & Timekeeper) async -> Answer {
        let talk = Conversation(ensemble: ensemble, inbox: loop, clock: loop, job: plan.job)
        let acquisition = Acquisition(job: plan.job, talk: talk) { _ in }
        do throws(Interruption) {
            let forecast = try await acquisition.forecast(wallMilliseconds: WallClock.milliseconds)
            return .forecast(forecast.outcome == nil || forecast.waits ? forecast.adding(missingCommand) : forecast)
        } catch {
            return .failed(Ended(error))
        }
    }

    /// How the run would end once it starts, if its command cannot be executed here: by the caller's PATH, as a run's would be.
    private var missingCommand: String? {
        guard let failure = ExecFailure.foreseen(plan.program) else { return nil }
        let code = plan.codes.code(for: Ended(outcome: failure.outcome))
        return "but it would end with \(code): \(failure.message)" + (failure.outcome == .notFound ? hint : "")
    }
}

extension Forecast {
    /// One line without its end: `would wait: cpu has 7 of 8 permits taken, 2 wanted; 3 runs are ahead: ...`.
    package var sentence: String {
        let head =
            switch decision {
            case .starts: "would start"
            case .waitsForLock, .waitsForJobs, .waitsForPermits: "would wait"
            case .skips(let skip): "would skip (\(skip.outcome.rawValue))"
            }
        // What stood in the way may be gone by the time it is asked who it was.
        return reasons.isEmpty ? head : head + ": " + reasons.joined(separator: "; ")
    }

    /// Not now, but perhaps later.
    package var waits: Bool { decision == .waitsForLock || decision == .waitsForJobs || decision == .waitsForPermits }

    /// What a run comes to that does not start now; one that would wait ends as if its wait were over. Nil: it starts.
    package var outcome: Outcome? {
        switch decision {
        case .starts: nil
        case .waitsForLock: .locked
        case .waitsForJobs: .notReady
        case .waitsForPermits: .noPermits
        case .skips(let skip): skip.outcome
        }
    }
}
