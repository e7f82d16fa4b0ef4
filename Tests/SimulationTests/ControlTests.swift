import Recipes
import SimulatedEnsemble
import Testing

/// A checker that has never failed proves nothing: each rule broken is caught, within a stated number of seeds.
struct ControlTests {
    /// The promise that it breaks, and seeds from 1 on that may be needed, several times what was measured: the histories change
    /// with the code.
    private static let expected: [String: (seedsMax: UInt64, promise: Violation.Promise)] = [
        "heartbeatByRead": (1000, .exclusion),
        "checkWithoutOwner": (1000, .exclusion),
        "noMark": (200, .permits),
        "noWaitOut": (200, .exclusion),
        "ownTerm": (8000, .exclusion),
        "removedRecordTrusted": (15000, .interval),
        "givingUpWritesEnded": (1000, .exclusion),
        "ownOldMarkTrusted": (1000, .exclusion),
        "orphansNotCounted": (200, .permits),
        "takeLeavesPlace": (100, .order),
        "recordInHeartbeat": (1000, .needlessKill),
        "sReadAfterCall": (1000, .exclusion),
        "sReadAtReply": (1000, .exclusion),
        "lostTakeIsFailure": (1000, .truth),
        "lostPlaceIsFailure": (1000, .truth),
        "nodeExistsIsMine": (8000, .exclusion),
        "releaseBeforeReap": (200, .release),
        "leaseWaitRunsOut": (1000, .service),
        "totalKept": (1000, .permits),
        "totalsUnguarded": (2000, .permits),
        "enqueueOneByOne": (3000, .service),
        "watchHead": (1000, .herd),
        "noRereadAfterWait": (1000, .permits),
        "earlyEventIgnored": (10000, .service),
        "lockNameCheckedOnlyBefore": (400, .truth),
        "noCommittedWriteBeforeList": (4000, .truth),
        "releaseUnguarded": (100, .leftover),
        "foundTermKept": (1000, .truth),
        "lossIgnored": (1000, .service),
        "noMargin": (20000, .exclusion),
        "orphanClockFromSubmission": (30000, .permits),
        "clockIgnoresSuspend": (8000, .exclusion),
        "guardianIgnoresEndOfFile": (400, .orphan),
        "guardianHasNoTimer": (400, .exclusion),
        "deathSignalOnly": (200, .orphan),
        "neverTakesOver": (400, .service),
        "localSessions": (8000, .service),
        "mixedFleetUnset": (8000, .permits),
        "sessionsLeftOpen": (100, .leftover),
        "mixedFleetBesideDeletions": (2000, .exclusion),
        "mixedFleetBesideFaultyServers": (40000, .release),
        "mixedFleetBesideShortTimeouts": (20000, .permits),
        "lockQueueIgnored": (400, .order),
        "pauseIgnored": (400, .pause),
        "intervalByOwnClock": (400, .interval),
        "startNotWritten": (1000, .interval),
        "startDatedAhead": (4000, .interval),
        "idleForever": (1000, .service),
        "oldNewsCounts": (2000, .spin),
        "treeSizeIgnored": (1000, .exclusion),
        "treeTooLargeIgnored": (1000, .needlessKill),
        "latenessIgnored": (4000, .exclusion),
        "takeOverKillsGuardian": (4000, .exclusion),
        "frontFreezesGuardian": (1000, .orphan),
        "frontDoesNotKill": (1000, .orphan),
        "thirdSwitchIsMissing": (4000, .exclusion),
        "sharedDeadlineIsKept": (1000, .needlessKill),
        "sweepIsMissing": (1000, .exclusion),
        "sweepIsNotAwaited": (1000, .exclusion),
    ]

    /// Broken, these harm nobody, since another rule makes up for each; Docs/Testing.md says which.
    private static let spared: Set<String> = ["waitOutFromSubmission", "orphanClockKept", "staleStart"]

    @Test func everyControlIsTriedOrSpared() {
        #expect(Set(Control.all.map(\.name)) == Set(Self.expected.keys).union(Self.spared))
        #expect(Self.expected.count >= 20)
    }

    /// Each checker has been seen to fail; that of the fencing tokens below, since two holders at once are mostly seen before.
    @Test func everyPromiseIsBrokenBySomeControl() {
        let broken = Set(Self.expected.values.map(\.promise)).union([.token])
        #expect(broken == Set(Violation.Promise.allCases))
    }

    @Test(arguments: expected.keys.sorted())
    func aBrokenRuleIsCaught(name: String) throws {
        let (limit, promise) = try #require(Self.expected[name])
        try expect(promise, of: name, within: limit)
    }

    @Test func aTokenThatDoesNotGrowIsCaught() throws { try expect(.token, of: "noMark", within: 4000) }

    private func expect(_ promise: Violation.Promise, of name: String, within limit: UInt64) throws {
        let control = try #require(Control(name: name))
        var campaign = Campaign()
        var seed: UInt64 = 0
        while !campaign.failures.contains(where: { $0.violation.promise == promise }), seed < limit {
            seed += 1
            campaign.play(seed, control: control)
        }
        #expect(
            campaign.failures.contains { $0.violation.promise == promise },
            "\(name) does not break \(promise.rawValue) in \(limit) seeds")
    }
}
