import Glibc
import SimulatedEnsemble

/// Many histories, and what came of them.
enum Soak {
    /// True if all of them kept every promise.
    static func run(_ request: SoakRequest) -> Bool {
        let clock = ContinuousClock()
        let began = clock.now
        let campaign = Crew.play(request, until: request.minutes.map { began.advanced(by: .seconds($0 * 60)) })
        let seconds = began.duration(to: clock.now) / .seconds(1)
        print(
            "\(campaign.schedules) schedules in \(Int(seconds)) s, \(Int(Double(campaign.schedules) / seconds)) a second; "
                + "\(campaign.simulatedSeconds) simulated seconds, \(campaign.steps / max(1, campaign.schedules)) steps each; "
                + "fingerprint \(String(campaign.fingerprint, radix: 16))"
        )
        for (name, count) in campaign.tallies.sorted(by: { $0.key < $1.key }) { print("  \(count)  \(name)") }
        var kinds: [String: [UInt64]] = [:]
        for (seed, violation) in campaign.failures { kinds[violation.promise.rawValue, default: []].append(seed) }
        for (kind, seeds) in kinds.sorted(by: { $0.key < $1.key }) {
            print(
                "FAILED \(kind): \(seeds.count) seeds, \(seeds.sorted().prefix(12).map { "\($0)" }.joined(separator: " "))"
            )
        }
        guard let first = campaign.failures.min(by: { $0.seed < $1.seed }) else { return true }
        if request.keepsGoing {
            var shown: Set<String> = []
            for (seed, violation) in campaign.failures.sorted(by: { $0.seed < $1.seed }).prefix(400) {
                let shape = String(violation.text.filter { !$0.isNumber }.prefix(60))
                if shown.insert(shape).inserted {
                    print("seed \(seed): \(violation.promise.rawValue): \(violation.text)")
                }
            }
        } else {
            _ = printTimeline(first.seed, control: request.control)
        }
        return false
    }

    /// True if a promise was broken.
    static func printTimeline(_ seed: UInt64, control: Control?) -> Bool {
        let world = World(seed: seed, control: control, isRecording: true)
        world.perform()
        print("seed \(seed)\(control.map { ", control \($0.name)" } ?? "")")
        for line in world.timeline { print(line) }
        guard let violation = world.violation else { return false }
        print("seed \(seed) broke \(violation.promise.rawValue): \(violation.text)")
        return true
    }

    /// For each control the first seed that catches it, and how often it is caught.
    static func tryControls(_ request: SoakRequest) -> Bool {
        var allCaught = true
        for control in Control.all where request.control == nil || request.control == control {
            var one = request
            one.control = control
            one.keepsGoing = true
            var campaign = Campaign()
            // In parts, so that the easy ones take no time.
            one.last = request.first - 1
            while campaign.failures.isEmpty, one.last < request.last {
                one.first = one.last + 1
                one.last = min(request.last, one.first + 499)
                campaign.add(Crew.play(one, until: nil))
            }
            let first = campaign.failures.min { $0.seed < $1.seed }
            var kinds: [String: Int] = [:]
            for (_, violation) in campaign.failures { kinds[violation.promise.rawValue, default: 0] += 1 }
            let how = kinds.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            print(
                "\(control.name): \(first.map { "seed \($0.seed), \(campaign.failures.count) of \(campaign.schedules) (\(how))" } ?? "NOT CAUGHT in \(campaign.schedules)")"
            )
            if first == nil { allCaught = false }
            // Into a pipe as well, line by line.
            fflush(nil)
        }
        return allCaught
    }
}
