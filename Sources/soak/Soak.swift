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

    /// Plays each control until it breaks what it has to; false if one does not, within its seeds.
    static func tryControls(_ request: SoakRequest) -> Bool {
        let controls = Control.all.filter { request.control == nil || request.control == $0 }
        let gaps = Expectation.gaps
        for gap in gaps { print("FAILED: \(gap)") }
        var areCaught = gaps.isEmpty
        for control in controls {
            let expected =
                [Expectation.all[control.name]].compactMap { $0 }
                + Expectation.more.filter { $0.name == control.name }.map(\.expectation)
            for expectation in expected {
                let (caught, schedules) = play(control, for: expectation, request)
                print(
                    "\(caught ? "caught" : "FAILED"): \(control.name) breaks \(expectation.promise.rawValue)"
                        + (caught ? ": \(schedules) seeds" : " in none of \(schedules) seeds"))
                areCaught = areCaught && caught
                // Into a pipe as well, line by line.
                fflush(nil)
            }
        }
        return areCaught
    }

    /// In parts, so that the easy ones take no time.
    private static func play(_ control: Control, for expectation: Expectation, _ asked: SoakRequest) -> (
        caught: Bool, schedules: Int
    ) {
        var request = asked
        (request.control, request.keepsGoing) = (control, true)
        var campaign = Campaign()
        request.last = 0
        while request.last < expectation.seedsMax {
            request.first = request.last + 1
            request.last = min(expectation.seedsMax, request.first + 199)
            campaign.add(Crew.play(request, until: nil))
            if campaign.failures.contains(where: { $0.violation.promise == expectation.promise }) {
                return (true, campaign.schedules)
            }
        }
        return (false, campaign.schedules)
    }
}
