import Run
import Testing

@Suite struct SplayTests {
    private static func delays(_ hosts: [String], lockname: String = "backup", below limit: Duration = .seconds(300))
        -> [Duration]
    {
        hosts.map { Splay.delay(below: limit, host: $0, lockname: lockname) }
    }

    private static let numbered = (0..<1000).map { "web\($0).example.org" }

    /// How many of a thousand hosts begin in each tenth of the time.
    private static func tenths(_ delays: [Duration], of limit: Duration = .seconds(300)) -> [Int] {
        var counts = Array(repeating: 0, count: 10)
        for delay in delays { counts[Int(delay / limit * 10)] += 1 }
        return counts
    }

    /// With a fair die, 100 in each with a standard deviation of 9.5: four of those are allowed.
    @Test(arguments: ["web%.example.org", "%.eu-west-1.compute.example.com", "h%", "rack-%-node"], ["backup", "a"])
    func aThousandHostsAreSpreadEvenly(pattern: String, lockname: String) {
        let hosts = (0..<1000).map { number in
            pattern.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "\(number)")
        }
        let counts = Self.tenths(Self.delays(hosts, lockname: lockname))
        #expect(counts.allSatisfy { (62...138).contains($0) }, "\(counts)")
    }

    /// Docs/switchman.1 shows these numbers; and another release must not move every host's job.
    @Test func theDelaysAreThoseOfTheManualPage() {
        #expect(Self.tenths(Self.delays(Self.numbered)) == [105, 84, 94, 78, 109, 100, 117, 102, 96, 115])
        let one = Splay.delay(below: .seconds(300), host: "host1.example.org", lockname: "backup")
        #expect(one == .nanoseconds(80_320_772_092))
    }

    @Test func everyDelayIsBelowTheLimit() {
        for limit in [Duration.seconds(86_400), .seconds(1), .nanoseconds(1), .zero] {
            let delays = Self.delays(Self.numbered, below: limit)
            #expect(delays.allSatisfy { $0 >= .zero && ($0 < limit || limit == .zero) })
        }
    }

    @Test func hostAndLocknameBothCount() {
        let one = Splay.delay(below: .seconds(300), host: "a", lockname: "b")
        #expect(one == Splay.delay(below: .seconds(300), host: "a", lockname: "b"))
        #expect(one != Splay.delay(below: .seconds(300), host: "a", lockname: "c"))
        #expect(one != Splay.delay(below: .seconds(300), host: "c", lockname: "b"))
        #expect(
            Splay.delay(below: .seconds(300), host: "ab", lockname: "c")
                != Splay.delay(below: .seconds(300), host: "a", lockname: "bc"))
    }
}
