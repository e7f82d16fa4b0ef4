import Recipes
import SimulatedEnsemble
import Testing

/// A checker that has never failed proves nothing: each rule broken is caught, within a stated number of seeds.
struct ControlTests {
    /// Seeds from 1 on that may be needed, several times what was measured: the histories change with the code.
    private static let seedsMax: [String: UInt64] = [
        "heartbeatByRead": 1000, "checkWithoutOwner": 1000, "noMark": 200, "noWaitOut": 200, "ownTerm": 8000, "removedRecordTrusted": 15000,
        "givingUpWritesEnded": 1000, "ownOldMarkTrusted": 1000, "orphansNotCounted": 200, "takeLeavesPlace": 100,
        "recordInHeartbeat": 1000, "sReadAfterCall": 1000, "sReadAtReply": 1000, "lostTakeIsFailure": 1000,
        "lostPlaceIsFailure": 1000, "nodeExistsIsMine": 8000, "releaseBeforeReap": 200, "leaseWaitRunsOut": 1000,
        "enqueueOneByOne": 3000, "watchHead": 1000, "noRereadAfterWait": 1000, "earlyEventIgnored": 10000,
        "lockNameCheckedOnlyBefore": 400, "noCommittedWriteBeforeList": 4000, "releaseUnguarded": 100,
        "foundTermKept": 1000, "lossIgnored": 1000, "noMargin": 20000, "orphanClockFromSubmission": 30000,
        "clockIgnoresSuspend": 8000, "guardianIgnoresEndOfFile": 400, "guardianHasNoTimer": 400,
        "deathSignalOnly": 200, "neverTakesOver": 400, "localSessions": 3000, "mixedFleetUnset": 8000,
        "mixedFleetBesideFaultyServers": 2000, "lockQueueIgnored": 400, "pauseIgnored": 400, "intervalByOwnClock": 400,
        "startNotWritten": 1000, "startDatedAhead": 4000, "idleForever": 1000,
    ]

    /// Broken, these harm nobody, since another rule makes up for each; Docs/Testing.md says which.
    private static let spared: Set<String> = ["waitOutFromSubmission", "orphanClockKept", "staleStart"]

    @Test func everyControlIsTriedOrSpared() {
        #expect(Set(Control.all.map(\.name)) == Set(Self.seedsMax.keys).union(Self.spared))
        #expect(Self.seedsMax.count >= 20)
    }

    @Test(arguments: seedsMax.keys.sorted())
    func aBrokenRuleIsCaught(name: String) throws {
        let control = try #require(Control(name: name))
        let limit = try #require(Self.seedsMax[name])
        var campaign = Campaign()
        var seed: UInt64 = 0
        // Losing replies breaks this control's own code in other ways as well; it is the interlock that must be seen.
        let expected = name == "enqueueOneByOne" ? Violation.Promise.service : nil
        func isCaught() -> Bool { campaign.failures.contains { expected == nil || $0.violation.promise == expected } }
        while !isCaught(), seed < limit {
            seed += 1
            campaign.play(seed, control: control)
        }
        #expect(isCaught(), "\(name) is not caught in \(limit) seeds")
    }
}
