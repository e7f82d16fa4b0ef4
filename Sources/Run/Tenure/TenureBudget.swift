import Coordination
import Recipes

/// The time that killing the tree takes, as the guardian reckons it, and what follows from it.
extension Tenure {
    /// Takes in the budget that an acknowledgement carries. It counts from the next deadline on. If it brings SIGKILL much nearer
    /// that deadline is told at once, so that the timers of the others do not rest on the old budget.
    mutating func reckon(with newest: KillingBudget) {
        budget = newest
        guard let attempt, ending.takenOver == nil, ending.lost == nil, let heartbeats else { return }
        let room = heartbeats.roomForKilling
        if budget.bySize > KillingBudget.least.bySize {
            if budget.bySize > room { return endTooLarge(room) }
            if attempt.size == .fits, budget.bySize * 2 > room {
                self.attempt?.size = .large
                actions.append(.say(.treeLarge(Killing(budget, room: room))))
            }
        }
        if schedule(by: heartbeats).kill.advanced(by: Self.guardianSlack) < attempt.schedule.kill { postpone() }
    }

    /// The command is ended while ownership is still proven. Heartbeats go on, so its deadline is mostly a later one.
    private mutating func endTooLarge(_ room: Duration) {
        guard let heartbeats else { return }
        let limit = max(now, heartbeats.schedule(grace: grace, budget: budget).kill)
        let killing = Killing(budget, room: room)
        if case .tooLarge(let killAt)? = attempt?.size {
            if limit.advanced(by: Self.guardianSlack) >= killAt { return }
        } else {
            if ending.cause == nil { ending.cause = .treeTooLarge(killing) }
            ending.isFinal = true
            actions.append(.say(.treeTooLarge(killing)))
        }
        attempt?.size = .tooLarge(killAt: limit)
        actions.append(limit > now ? .end(limit: limit) : .kill)
        postpone()
    }

    /// The schedule that the newest proof and the newest budget make.
    func schedule(by heartbeats: Heartbeats) -> Schedule {
        guard case .tooLarge(let killAt)? = attempt?.size else {
            return heartbeats.schedule(grace: grace, budget: budget)
        }
        // What was asked to end dies then anyway, and not for want of a heartbeat.
        let schedule = heartbeats.schedule(grace: grace, budget: budget.limited(to: heartbeats.roomForKilling))
        return Schedule(
            terminate: schedule.terminate, kill: max(schedule.kill, killAt.advanced(by: Lateness.tolerated)))
    }
}

/// What killing a tree takes, for the user.
package struct Killing: Sendable, Equatable {
    package let processes: Int
    /// Whole seconds, rounded up.
    package let secondsNeeded: Int64
    /// Whole seconds that the term leaves for it, rounded down.
    package let secondsLeft: Int64

    init(_ budget: KillingBudget, room: Duration) {
        processes = budget.processes
        secondsNeeded = (budget.bySize.nanoseconds + 999_999_999) / 1_000_000_000
        secondsLeft = max(0, room.nanoseconds / 1_000_000_000)
    }

    /// What is the matter, and what helps.
    package var text: String {
        "killing its \(processes) processes can take \(secondsNeeded) s, and the term leaves \(secondsLeft) s for that; "
            + "a longer ownership_term helps, and so does a cgroup for each run"
    }
}
