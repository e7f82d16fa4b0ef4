import Coordination
import Recipes

/// Where a tenure stands, with what belongs to that only.
extension Tenure {
    enum Phase: Sendable {
        /// A lost predecessor's term: nothing of ours runs, the claims are held.
        case waitingOut(until: BootInstant)
        /// One guarded write makes the record our own: after a wait-out, or when the start is to be written down before.
        case settingRecord(RecordWrite)
        case starting
        /// The guardian has started nothing, since processes of a dead run live on this host. It is asked again at that instant.
        case resisted(until: BootInstant)
        case running(Attempt)
        /// The command has failed, and is run again at that instant.
        case retrying(at: BootInstant)
        /// The tree is dead and reaped, or never was.
        case releasing(Releasing)
        /// - Parameter isReleased: what was taken is given back, and the servers have said so.
        case finished(isReleased: Bool)
    }

    enum RecordWrite: Sendable {
        /// With the next proof or connection, and at that instant at the latest.
        case due(at: BootInstant)
        case asked(ticket: Int)
    }

    /// Goes on to another phase. An impossible way there names both.
    mutating func enter(_ next: Phase) {
        assert(phase.mayBecome(next), "\(phase) became \(next)")
        phase = next
    }

    /// The attempt that runs, if one does; what is set without one is dropped.
    var attempt: Attempt? {
        get { if case .running(let attempt) = phase { attempt } else { nil } }
        set { if let newValue, case .running = phase { phase = .running(newValue) } }
    }

    var isBeforeStart: Bool {
        switch phase {
        case .waitingOut, .settingRecord, .starting, .resisted, .retrying: true
        case .running, .releasing, .finished: false
        }
    }

    /// Nothing of a tree lives, and nothing is going to.
    var isReleasing: Bool {
        switch phase {
        case .releasing, .finished: true
        default: false
        }
    }
}

/// One start, and what came of it: from the request to the guardian until the tree is dead and reaped, or nothing was started.
struct Attempt: Sendable {
    /// The newest deadline that the guardian was told, or is being told.
    var schedule: Schedule
    /// SIGKILL as the guardian and the front were told of it last.
    var toldKill = BootInstant.never
    /// This process has come to it only after that instant, so one of the two may have sent it.
    var isOverdue = false
    /// What the guardian has not acknowledged yet, and since when.
    var unacknowledged: Unacknowledged?
    var size = TreeSize.fits
    /// When the command has run for long enough.
    var timeoutAt: BootInstant?
    /// The signal by which the terminal has asked the command to end.
    var interrupted: Int32?
    /// When to say that descendants of the command live on, and how many.
    var stragglers: (at: BootInstant, count: Int)?
    /// How the attempt before ended: it counts again if this one is refused.
    let previous: (exited: Ending.Exit?, cause: Ending.Cause?)
}

/// A message to the guardian, and since when it has had the time to answer.
struct Unacknowledged: Sendable {
    let sequence: UInt64
    /// Answered after a fork.
    let isStart: Bool
    /// Nil: not sent yet.
    private(set) var since: BootInstant?
    /// The patience is over, and the second chance runs.
    private(set) var isLast = false

    init(_ sequence: UInt64, isStart: Bool = false, since: BootInstant? = nil) {
        (self.sequence, self.isStart, self.since) = (sequence, isStart, since)
    }

    /// It has been sent by now, or there was no way to notice an answer before now.
    mutating func begins(at now: BootInstant) { (since, isLast) = (now, false) }

    /// Its time is over; what is on its way may yet arrive until a second chance is over too.
    mutating func isOverdue(at now: BootInstant, patience: Duration) {
        (since, isLast) = (now.advanced(by: Lateness.secondChance - patience), true)
    }
}

/// How the tree's size stands to what the term leaves for killing it.
enum TreeSize: Sendable, Equatable {
    case fits
    /// More than half of the time is needed. The user has been told.
    case large
    /// The deadline could not be kept without a heartbeat, so the command is being ended: SIGKILL at that instant at the latest.
    case tooLarge(killAt: BootInstant)
}

/// The way back, until it is committed or there is no more patience.
struct Releasing: Sendable {
    enum Step: Sendable {
        case asked(ticket: Int)
        /// Lost, or refused for the moment: as soon as there is a connection, and at that instant at the latest.
        case due(at: BootInstant)
    }

    var release: Release
    var step: Step
    var patience = Patience()
    /// How often the record was of another version than it was said to be.
    var contradictions = 0
    /// Then it is left to the end of the session.
    let until: BootInstant

    var wake: BootInstant {
        switch step {
        case .asked: min(until, patience.endsAt)
        case .due(let instant): min(until, instant)
        }
    }
}

extension Tenure.Phase {
    fileprivate func mayBecome(_ next: Self) -> Bool {
        switch (self, next) {
        case (.finished, _): false
        case (_, .finished), (.releasing, .releasing): true
        case (.releasing, _): false
        case (_, .releasing): true
        case (.waitingOut, .settingRecord), (.waitingOut, .starting): true
        case (.settingRecord, .settingRecord), (.settingRecord, .starting): true
        case (.starting, .settingRecord), (.starting, .running), (.starting, .resisted): true
        case (.resisted, .starting), (.retrying, .starting): true
        // Nothing was started, or it has ended.
        case (.running, .starting), (.running, .retrying): true
        default: false
        }
    }
}
