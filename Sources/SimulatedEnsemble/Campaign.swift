/// What came of many histories.
package struct Campaign: Sendable {
    package private(set) var schedules = 0
    package private(set) var simulatedSeconds: Int64 = 0
    package private(set) var steps = 0
    /// Of all histories together, in whatever order they were played: two processes, or two builds, must agree on it.
    package private(set) var fingerprint: UInt64 = 0
    package private(set) var tallies: [String: Int] = [:]
    /// The seeds whose histories broke a promise, and how.
    package private(set) var failures: [(seed: UInt64, violation: Violation)] = []

    package init() {}

    /// Plays the history of one seed.
    package mutating func play(_ seed: UInt64, control: Control? = nil) {
        let world = World(seed: seed, control: control)
        world.perform()
        schedules += 1
        simulatedSeconds += world.simulatedSeconds
        steps += world.steps
        fingerprint &+= world.fingerprint &* (2 &* seed &+ 1)
        for (name, count) in world.tallies { tallies[name, default: 0] += count }
        guard let violation = world.violation else { return }
        if let control, !control.isLimit {
            // Only what is due to the control: the same history without it keeps every promise.
            let sound = World(seed: seed, control: nil, focus: control.focus)
            sound.perform()
            if sound.violation != nil { return }
        }
        failures.append((seed, violation))
    }

    package mutating func add(_ other: Campaign) {
        schedules += other.schedules
        simulatedSeconds += other.simulatedSeconds
        steps += other.steps
        fingerprint &+= other.fingerprint
        for (name, count) in other.tallies { tallies[name, default: 0] += count }
        failures += other.failures
    }
}
