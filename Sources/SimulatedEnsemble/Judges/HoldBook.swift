import Recipes
import Text

/// Which resources are held, told from the writes of the data of PREFIX.
struct HoldBook {
    private var holds: [String: PauseNote] = [:]
    /// When each was last lifted.
    private var ends: [String: Int64] = [:]

    mutating func isTold(_ now: [ExactName: PauseNote], at instant: Int64) {
        let now = Dictionary(uniqueKeysWithValues: now.map { ($0.key.text, $0.value) })
        for resource in holds.keys where now[resource] == nil { ends[resource] = instant }
        holds = now
    }

    /// By that machine's clock.
    func stands(_ resource: String, on machine: Machine) -> Bool {
        holds[resource]?.stands(at: TimeStamp(milliseconds: machine.wallMilliseconds)) ?? false
    }

    func stands(onAnyOf machines: [Machine]) -> Bool {
        holds.keys.contains { resource in machines.contains { stands(resource, on: $0) } }
    }

    /// Whether one of them was held at some time from then on; one that is over by a clock may have ended before.
    func stood(_ resources: Set<String>, since instant: Int64) -> Bool {
        resources.contains { holds[$0] != nil || ends[$0] ?? -1 >= instant }
    }
}
