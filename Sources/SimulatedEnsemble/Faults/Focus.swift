/// What histories are mostly about when one rule is on trial: some are needed once in ten thousand histories of all kinds, and
/// a test has to see them broken within some hundred.
struct Focus {
    enum Strike {
        case cutMachine, stopSupervisor, stopGuardian, signal, betray, killSupervisor, suspend, isolate, slowDown, lag,
            dropConnection, killGuardian, crash, operate, refuse, shortenTimeouts, flap, plague
    }

    var theme: Plot.Theme?
    var termsSeconds: [Int64]?
    var total: Int64?
    var declaresTotals: Bool?
    var sessionTimeoutSeconds: Int64?
    /// Clocks as wrong as they may be, and trees that take as long to die as they may.
    var isExtreme = false
    /// Instead of all faults.
    var strikes: [Strike] = []
    var strikesMin = 1
    /// Supervisors are often not scheduled.
    var hesitates = false
    var lossPerMille: Int?
    /// How often, in a thousand, a rival has already asked when the claims are taken away, and its messages take long.
    var slowRivalPerMille = 200
    /// How often, in a thousand, the claims go, and the rival comes, at the very moment.
    var atOncePerMille = 400
    var isMixed = false
    /// How often, in a thousand, a run wants each thing that the original does not know.
    var wishesPerMille: Int?
    /// How often, in a thousand, a supervisor is not scheduled just before its take leaves.
    var lateTakesPerMille = 10
    /// Faults for longer than the longest term, and commands that outlast them and ignore SIGTERM.
    var isLong = false
    /// On all machines.
    var hasCgroups: Bool?
    /// Of every tree.
    var size: Int?
    /// Of every command, in nanoseconds.
    var starves: Int64?
    /// Half of the operators' pauses end by themselves; nothing else is edited then. Where there is no focus they do.
    var pausesEnd = false
    /// Half of the runs are of a job that comes after the other one.
    var isChained = false
    /// How often, in a thousand, more than one fault at a time befalls a run's own processes.
    var plaguedPerMille = 300

    var harmsServers: Bool {
        strikes.contains(.isolate) || strikes.contains(.crash) || strikes.contains(.shortenTimeouts)
    }

    /// Faults of our own hosts, processes and connections; what is harmed beyond those, no mixed fleet can promise anything of.
    static let mixedFleet = Focus(
        sessionTimeoutSeconds: 10,
        strikes: [
            .cutMachine, .killSupervisor, .killGuardian, .stopSupervisor, .stopGuardian, .suspend, .slowDown,
            .dropConnection,
            .signal, .plague,
        ], isMixed: true)
}

extension Control {
    var focus: Focus? {
        switch self {
        case .model(.clockIgnoresSuspend):
            Focus(theme: .lock, termsSeconds: [4, 6], strikes: [.suspend], strikesMin: 3)
        case .model(.mixedFleetUnset): .mixedFleet
        case .model(.takeOverKillsGuardian), .model(.frontFreezesGuardian), .model(.frontDoesNotKill),
            .model(.thirdSwitchIsMissing):
            Focus(
                theme: .lock, termsSeconds: [4, 6], strikes: [.plague], strikesMin: 4, isLong: true,
                plaguedPerMille: 1000)
        case .model(.sweepIsMissing), .model(.sweepIsNotAwaited):
            Focus(
                theme: .lock, termsSeconds: [3, 4], sessionTimeoutSeconds: 2, strikes: [.plague], strikesMin: 4,
                isLong: true,
                hasCgroups: true, plaguedPerMille: 1000)
        case .model(.sharedDeadlineIsKept):
            Focus(theme: .lock, termsSeconds: [3], strikes: [.cutMachine], strikesMin: 3, wishesPerMille: 700)
        case .model(.mixedFleetBesideFaultyServers):
            Focus(
                sessionTimeoutSeconds: 10,
                strikes: [.isolate, .isolate, .crash, .crash, .lag, .cutMachine, .dropConnection, .slowDown],
                strikesMin: 3, isMixed: true)
        case .model(.mixedFleetBesideShortTimeouts):
            Focus(
                theme: .permits, total: 1, sessionTimeoutSeconds: 30, strikes: [.shortenTimeouts, .flap, .flap],
                strikesMin: 6,
                isMixed: true)
        case .model(.mixedFleetBesideDeletions):
            Focus(sessionTimeoutSeconds: 10, strikes: [.cutMachine, .betray], strikesMin: 3, isMixed: true)
        case .model: nil
        case .code(let mutant): mutant.focus
        }
    }
}

extension Mutant {
    /// Where the histories are in which it shows.
    fileprivate var focus: Focus? {
        switch name {
        case "heartbeatByRead":
            Focus(termsSeconds: [4, 6], sessionTimeoutSeconds: 2, strikes: [.isolate, .betray], strikesMin: 4)
        case "checkWithoutOwner": Focus(theme: .lock, strikes: [.betray], strikesMin: 4)
        case "ownTerm": Focus(theme: .lock, termsSeconds: [30, 3], strikes: [.killSupervisor, .betray], strikesMin: 8)
        case "removedRecordTrusted":
            Focus(
                theme: .lock, termsSeconds: [3], strikes: [.operate, .slowDown], strikesMin: 8, hesitates: true,
                wishesPerMille: 600, lateTakesPerMille: 400)
        case "givingUpWritesEnded", "ownOldMarkTrusted":
            Focus(theme: .lock, termsSeconds: [15, 6], strikes: [.killSupervisor, .betray], strikesMin: 4)
        case "sReadAfterCall", "sReadAtReply":
            Focus(
                theme: .lock, termsSeconds: [4, 5], isExtreme: true, strikes: [.betray], strikesMin: 4, hesitates: true)
        case "nodeExistsIsMine": Focus(theme: .lock, strikes: [.dropConnection, .slowDown])
        case "leaseWaitRunsOut": Focus(theme: .permits, total: 1, strikes: [.killSupervisor], strikesMin: 3)
        case "totalKept":
            Focus(theme: .permits, total: 4, declaresTotals: true, strikes: [.operate], strikesMin: 5)
        case "totalsUnguarded":
            Focus(
                theme: .permits, total: 4, declaresTotals: true, strikes: [.operate, .lag, .slowDown], strikesMin: 8,
                hesitates: true, lateTakesPerMille: 400)
        case "earlyEventIgnored":
            Focus(theme: .permits, total: 2, strikes: [.slowDown], strikesMin: 5)
        case "noCommittedWriteBeforeList", "lostPlaceIsFailure":
            Focus(theme: .permits, strikes: [.dropConnection, .lag, .crash], strikesMin: 4, lossPerMille: 30)
        case "orphanClockFromSubmission", "orphanClockKept":
            Focus(
                theme: .permits, termsSeconds: [4, 6], total: 1, isExtreme: true, strikes: [.betray], strikesMin: 6,
                slowRivalPerMille: 800)
        case "noMargin":
            Focus(
                theme: .lock, termsSeconds: [30], isExtreme: true, strikes: [.betray], strikesMin: 4,
                atOncePerMille: 1000, isLong: true)
        case "staleStart":
            Focus(
                theme: .lock, termsSeconds: [3, 4], isExtreme: true, strikes: [.betray, .slowDown], strikesMin: 4,
                hesitates: true)
        case "treeSizeIgnored":
            Focus(
                theme: .lock, termsSeconds: [8, 15], isExtreme: true, strikes: [.betray], strikesMin: 4,
                atOncePerMille: 1000,
                isLong: true, hasCgroups: false, size: 600, plaguedPerMille: 0)
        case "treeTooLargeIgnored":
            Focus(theme: .lock, termsSeconds: [6, 8], strikes: [.betray], isLong: true, hasCgroups: false, size: 3000)
        case "latenessIgnored":
            Focus(
                theme: .lock, termsSeconds: [15], isExtreme: true, strikes: [.betray], strikesMin: 4,
                atOncePerMille: 1000,
                isLong: true, starves: 900 * millisecond, plaguedPerMille: 0)
        case "lockQueueIgnored": Focus(theme: .lock, strikes: [.signal], wishesPerMille: 400)
        case "holdIgnored", "holdUnguarded":
            Focus(
                theme: .permits, total: 4, declaresTotals: false, strikes: [.operate, .lag, .slowDown], strikesMin: 8,
                hesitates: true, lateTakesPerMille: 400)
        case "holdSleepsOn":
            Focus(theme: .permits, total: 2, declaresTotals: false, strikes: [.operate], strikesMin: 2)
        case "orphanSlotGivenAway":
            Focus(theme: .permits, termsSeconds: [4, 6], total: 4, strikes: [.betray], strikesMin: 4)
        case "slotNotMarked": Focus(theme: .permits, total: 4, strikes: [.signal])
        case "pauseIgnored": Focus(theme: .lock, strikes: [.operate], strikesMin: 4)
        case "endingPauseIgnored", "pauseNeverEnds":
            Focus(theme: .lock, strikes: [.operate], strikesMin: 4, pausesEnd: true)
        case "tickIgnored", "runningTickIgnored", "lostTickForgotten", "doneIgnored":
            Focus(theme: .lock, termsSeconds: [3, 4], strikes: [.killSupervisor], strikesMin: 3, wishesPerMille: 600)
        case "crowdSeenBeforeOnly":
            Focus(theme: .lock, strikes: [.killSupervisor], wishesPerMille: 600)
        case "afterIgnored", "consumedIgnored", "doneGenerationIgnored", "failedParentCounts":
            Focus(theme: .lock, strikes: [.signal], wishesPerMille: 300, isChained: true)
        case "runningGenerationIgnored", "lostGenerationForgotten":
            Focus(
                theme: .lock, termsSeconds: [3, 4], strikes: [.killSupervisor], strikesMin: 3, wishesPerMille: 300,
                isChained: true)
        case "intervalByOwnClock": Focus(theme: .lock, strikes: [.killSupervisor], wishesPerMille: 500)
        case "idleForever": Focus(theme: .lock, strikes: [.killSupervisor, .refuse], strikesMin: 5)
        case "startNotWritten": Focus(theme: .lock, strikes: [.killSupervisor], strikesMin: 4, wishesPerMille: 500)
        case "startDatedAhead":
            Focus(
                theme: .lock, termsSeconds: [30], strikes: [.dropConnection], wishesPerMille: 500,
                lateTakesPerMille: 300)
        default: nil
        }
    }
}
