import Coordination
import Recipes
import Text

/// What was paused when, told from the writes of the data of PREFIX: jobs, hosts, all jobs, and hosts that are outside of a group.
struct PauseBook {
    /// Since when each stands there, and when it is over by itself: each host says so by its own clock.
    private var pauses: [String: (since: Int64, until: TimeStamp?)] = [:]
    /// When each was last taken away.
    private var ends: [String: Int64] = [:]

    mutating func isTold(_ fleet: FleetData, outside: [String], at instant: Int64) {
        let kinds = [
            fleet.pauses.jobs.map { ("job \($0)", fleet.pauses.jobNotes[ExactName($0)]?.until) },
            fleet.pauses.hosts.map { ("host \($0)", fleet.pauses.hostNotes[ExactName($0)]?.until) },
            fleet.pauses.all.map { [("all jobs", $0.until)] } ?? [],
            outside.map { ("group without \($0)", nil) },
        ]
        var now: [String: (since: Int64, until: TimeStamp?)] = [:]
        for (subject, until) in kinds.joined() { now[subject] = (pauses[subject]?.since ?? instant, until) }
        for subject in pauses.keys where now[subject] == nil { ends[subject] = instant }
        pauses = now
    }

    /// Which of these is in force by that machine's clock, and was there before the run began.
    func inForce(_ subjects: [String], on machine: Machine, before began: Int64) -> String? {
        subjects.first { subject in
            guard let pause = pauses[subject], pause.since < began else { return false }
            return pause.until.map { $0 > TimeStamp(milliseconds: machine.wallMilliseconds) } ?? true
        }
    }

    /// Whether one of these was in force, by that machine's clock, at some time since then.
    func wasInForce(_ subjects: [String], on machine: Machine, since began: Int64) -> Bool {
        subjects.contains { subject in
            if ends[subject] ?? -1 >= began { return true }
            guard let pause = pauses[subject] else { return false }
            let first = TimeStamp(milliseconds: machine.wallMilliseconds(at: max(began, pause.since)))
            return pause.until.map { $0 > first } ?? true
        }
    }

    func isInForce(onAnyOf machines: [Machine]) -> Bool {
        machines.contains { inForce(Array(pauses.keys), on: $0, before: .max) != nil }
    }
}
