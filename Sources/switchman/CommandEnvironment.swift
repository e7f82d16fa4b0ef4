import Coordination
import Invocation
import Recipes
import Reporting
import Run

extension Life.Start {
    /// What the command finds in its environment. None of these is ever read as an option, but for the last: a switchman inside a
    /// switchman works. A name without a value is unset, whatever the caller has had there.
    func environment(of plan: Plan) -> [String] {
        let held = leases.map { "\($0.resource)=\($0.count):\($0.total)" }.joined(separator: " ")
        let slots = claims?.slots ?? []
        let numbers = slots.map { "\($0.resource)=\($0.slots.text)" }.joined(separator: " ")
        // One number is for one lease of one permit: a script that is told of one of several would take it for all.
        let slot = leases.count == 1 && leases[0].count == 1 ? slots.first?.slots.text : nil
        let runs = claims?.record?.content.runs ?? []
        let last = runs.last { $0.started != nil }
        return [
            variable("LOCKNAME", plan.job.lockname),
            variable("LOCK_PATH", claims?.lock?.path),
            variable("FENCING_TOKEN", (claims?.lock?.czxid).map { "\($0)" }),
            variable("SESSION_ID", claims?.session.text),
            variable("TICK", plan.job.oncePer?.tick.text),
            variable("LEASES", held.isEmpty ? nil : held),
            variable("SLOTS", numbers.isEmpty ? nil : numbers),
            variable("SLOT", slot),
            variable("ATTEMPT", "\(attempt)"),
            variable("LAST_START", last?.started.flatMap(LogTime.rfc3339)),
            // Text from ZooKeeper: a NUL in it would be the end of this variable and the beginning of another.
            variable("LAST_OUTCOME", (last?.outcome).flatMap { Outcome(rawValue: $0)?.rawValue }),
            variable("LAST_SUCCESS", claims?.record?.content.lastSuccess?.started.flatMap(LogTime.rfc3339)),
            variable("CONFIG", plan.configPath),
        ]
    }

    private func variable(_ name: String, _ value: String?) -> String {
        value.map { "SWITCHMAN_\(name)=\($0)" } ?? "SWITCHMAN_\(name)"
    }
}
