import SimulatedEnsemble

/// What a negative control breaks, and within how many seeds from 1 on: several times what was measured, since the histories change
/// with the code. A checker that has never failed proves nothing.
struct Expectation {
    let promise: Violation.Promise
    let seedsMax: UInt64

    init(_ promise: Violation.Promise, within seedsMax: UInt64) { (self.promise, self.seedsMax) = (promise, seedsMax) }

    static let all: [String: Expectation] = [
        "heartbeatByRead": Expectation(.exclusion, within: 1000),
        "checkWithoutOwner": Expectation(.exclusion, within: 1000),
        "noMark": Expectation(.permits, within: 200),
        "noWaitOut": Expectation(.exclusion, within: 200),
        "ownTerm": Expectation(.exclusion, within: 8000),
        "removedRecordTrusted": Expectation(.interval, within: 15000),
        "givingUpWritesEnded": Expectation(.exclusion, within: 1000),
        "ownOldMarkTrusted": Expectation(.exclusion, within: 1000),
        "orphansNotCounted": Expectation(.permits, within: 200),
        "orphanSlotGivenAway": Expectation(.slot, within: 1000),
        "slotNotMarked": Expectation(.slot, within: 100),
        "takeLeavesPlace": Expectation(.order, within: 100),
        "recordInHeartbeat": Expectation(.needlessKill, within: 1000),
        "sReadAfterCall": Expectation(.exclusion, within: 1000),
        "sReadAtReply": Expectation(.exclusion, within: 1000),
        "lostTakeIsFailure": Expectation(.truth, within: 1000),
        "lostPlaceIsFailure": Expectation(.truth, within: 1000),
        "nodeExistsIsMine": Expectation(.exclusion, within: 8000),
        "releaseBeforeReap": Expectation(.release, within: 200),
        "leaseWaitRunsOut": Expectation(.service, within: 1000),
        "totalKept": Expectation(.permits, within: 1000),
        "totalsUnguarded": Expectation(.permits, within: 2000),
        "enqueueOneByOne": Expectation(.service, within: 3000),
        "watchHead": Expectation(.herd, within: 1000),
        "noRereadAfterWait": Expectation(.permits, within: 1000),
        "earlyEventIgnored": Expectation(.service, within: 10000),
        "lockNameCheckedOnlyBefore": Expectation(.truth, within: 400),
        "noCommittedWriteBeforeList": Expectation(.truth, within: 4000),
        "outputInRelease": Expectation(.leftover, within: 400),
        "runForgotten": Expectation(.truth, within: 100),
        "releaseUnguarded": Expectation(.leftover, within: 100),
        "foundTermKept": Expectation(.truth, within: 1000),
        "lossIgnored": Expectation(.service, within: 1000),
        "noMargin": Expectation(.exclusion, within: 20000),
        "orphanClockFromSubmission": Expectation(.permits, within: 30000),
        "clockIgnoresSuspend": Expectation(.exclusion, within: 8000),
        "guardianIgnoresEndOfFile": Expectation(.orphan, within: 400),
        "guardianHasNoTimer": Expectation(.exclusion, within: 400),
        "deathSignalOnly": Expectation(.orphan, within: 200),
        "neverTakesOver": Expectation(.service, within: 400),
        "localSessions": Expectation(.service, within: 8000),
        "mixedFleetUnset": Expectation(.permits, within: 8000),
        "sessionsLeftOpen": Expectation(.leftover, within: 100),
        "mixedFleetBesideDeletions": Expectation(.exclusion, within: 2000),
        "mixedFleetBesideFaultyServers": Expectation(.release, within: 40000),
        "mixedFleetBesideShortTimeouts": Expectation(.permits, within: 20000),
        "lockQueueIgnored": Expectation(.order, within: 400),
        "pauseIgnored": Expectation(.pause, within: 400),
        "endingPauseIgnored": Expectation(.pause, within: 1000),
        "pauseNeverEnds": Expectation(.truth, within: 1000),
        "holdIgnored": Expectation(.hold, within: 400),
        "holdUnguarded": Expectation(.hold, within: 4000),
        "holdSleepsOn": Expectation(.service, within: 2000),
        "intervalByOwnClock": Expectation(.interval, within: 400),
        "tickIgnored": Expectation(.tick, within: 1000),
        "runningTickIgnored": Expectation(.tick, within: 8000),
        "lostTickForgotten": Expectation(.tick, within: 8000),
        "doneIgnored": Expectation(.tick, within: 4000),
        "crowdSeenBeforeOnly": Expectation(.crowd, within: 1000),
        "afterIgnored": Expectation(.chain, within: 400),
        "consumedIgnored": Expectation(.chain, within: 400),
        "runningGenerationIgnored": Expectation(.chain, within: 8000),
        "lostGenerationForgotten": Expectation(.chain, within: 8000),
        "doneGenerationIgnored": Expectation(.chain, within: 1000),
        "failedParentCounts": Expectation(.chain, within: 1000),
        "startNotWritten": Expectation(.interval, within: 1000),
        "startDatedAhead": Expectation(.interval, within: 4000),
        "idleForever": Expectation(.service, within: 1000),
        "oldNewsCounts": Expectation(.spin, within: 2000),
        "treeSizeIgnored": Expectation(.exclusion, within: 1000),
        "startHasNoTime": Expectation(.needlessKill, within: 1000),
        "treeTooLargeIgnored": Expectation(.needlessKill, within: 1000),
        "latenessIgnored": Expectation(.exclusion, within: 4000),
        "takeOverKillsGuardian": Expectation(.exclusion, within: 4000),
        "frontFreezesGuardian": Expectation(.orphan, within: 1000),
        "frontDoesNotKill": Expectation(.orphan, within: 1000),
        "thirdSwitchIsMissing": Expectation(.exclusion, within: 4000),
        "sharedDeadlineIsKept": Expectation(.needlessKill, within: 1000),
        "sweepIsMissing": Expectation(.exclusion, within: 1000),
        "sweepIsNotAwaited": Expectation(.exclusion, within: 1000),
    ]

    /// That of the fencing tokens, since two holders at once are mostly seen before.
    static let more: [(name: String, expectation: Expectation)] = [("noMark", Expectation(.token, within: 4000))]

    /// Broken, these harm nobody, since another rule makes up for each; Docs/Testing.md says which.
    static let spared: Set<String> = ["waitOutFromSubmission", "orphanClockKept", "staleStart"]

    /// What the table itself lacks: a control that is not tried, or a promise that none breaks.
    static var gaps: [String] {
        let known = Set(Control.all.map(\.name)), tried = Set(all.keys).union(spared)
        let broken = Set(all.values.map(\.promise) + more.map(\.expectation.promise))
        return known.subtracting(tried).sorted().map { "control \($0) is not tried" }
            + tried.subtracting(known).sorted().map { "there is no control \($0)" }
            + Set(Violation.Promise.allCases).subtracting(broken).map { "no control breaks \($0.rawValue)" }
    }
}
