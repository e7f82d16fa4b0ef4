import Recipes

/// What is fixed about a history before it begins.
struct Plot {
    /// Which kinds of runs there are, chosen by the seed.
    enum Theme { case lock, permits, both }

    let theme: Theme
    /// No faults at all: what is promised without them is then checked as well.
    let isCalm: Bool
    let machineCount: Int
    let serverCount = 3
    let tick: Int64
    let drifts: [Int64]
    let sessionTimeout: Int64
    let termsSeconds: [Int64]
    let total: Int64
    /// Totals stand in the prefix data, where operators change them, and not in each lease.
    let declaresTotals: Bool
    let commitDelay: Int64
    let electionDelay: Int64
    let reconnectDelay: Int64
    let lossPerMille: Int
    let hesitatesPerMille: Int
    let hesitation: Int64
    /// Mostly longer than all that goes wrong; else a run may give up for it.
    let connectTimeout: Duration
    var isImpatient: Bool { connectTimeout < .seconds(3000) }
    /// Originals run on a machine of their own, the last, which no fault touches.
    let isMixed: Bool
    let focus: Focus?

    let mutants: Set<Mutant>
    let clockIgnoresSuspend: Bool
    let guardianIgnoresEndOfFile: Bool
    let guardianHasNoTimer: Bool
    let frontDoesNotKill: Bool
    let neverTakesOver: Bool
    let takeOverKillsGuardian: Bool
    let frontFreezesGuardian: Bool
    let thirdSwitchIsMissing: Bool
    let sharedDeadlineIsKept: Bool
    let sweepIsMissing: Bool
    let sweepIsNotAwaited: Bool
    /// Of each machine, whether a tree can be in a cgroup of its own there.
    let cgroups: [Bool]
    /// What becomes of outputs that are to be kept.
    enum Outputs { case taken, refused, tooBig }
    let outputs: Outputs
    let hasLocalSessions: Bool
    let leavesSessionsOpen: Bool
    let knowsOfOriginals: Bool

    func request(_ resource: String, _ count: Int64) -> LeaseRequest {
        LeaseRequest(resource: resource, count: count, total: declaresTotals ? 0 : total)
    }

    /// Where runs of ours are started.
    var nativeMachines: Int { isMixed ? machineCount - 1 : machineCount }

    static let layout = Layout(prefix: "/switchman")

    /// - Parameter control: what is broken.
    init(dice: inout Dice, control: Control?, focus: Focus?) {
        self.focus = focus
        isMixed = focus?.isMixed ?? false
        let chance = dice.below(100)
        theme = focus?.theme ?? (chance < 50 ? .lock : chance < 80 ? .permits : .both)
        isCalm = dice.chance(perMille: 80) && focus == nil
        machineCount = 2 + dice.below(2) + (isMixed ? 1 : 0)
        outputs = [.taken, .refused, .taken, .tooBig][chance % 4]
        tick = dice.pick([400 * millisecond, second, 2 * second])
        // Each clock within 1 % of the truth.
        var drifts: [Int64] = []
        let isExtreme = dice.chance(perMille: 500) || focus?.isExtreme == true
        for _ in 0..<machineCount {
            drifts.append(isExtreme ? dice.pick([-10_000, 10_000]) : dice.between(-10_000, 10_000))
        }
        self.drifts = drifts
        sessionTimeout = (focus?.sessionTimeoutSeconds ?? dice.pick([2, 4, 6, 10, 20])) * second
        let longest = dice.pick([4, 5, 6, 8, 10, 15, 30, 30] as [Int64])
        let terms = dice.chance(perMille: 400) ? [longest, dice.pick([3, 4, 6] as [Int64])] : [longest]
        termsSeconds = focus?.termsSeconds ?? terms
        total = focus?.total ?? dice.between(1, 4)
        declaresTotals = focus?.declaresTotals ?? (chance % 3 == 0 && !isMixed)
        commitDelay = dice.pick([millisecond, 3 * millisecond, 50 * millisecond])
        electionDelay = dice.pick([100 * millisecond, second, 3 * second])
        reconnectDelay = dice.pick([20 * millisecond, 200 * millisecond, second])
        lossPerMille = focus?.lossPerMille ?? dice.pick([0, 0, 5, 30])
        hesitatesPerMille = focus?.hesitates == true ? 10 : dice.pick([0, 0, 2, 10])
        hesitation = dice.pick([second, 10 * second, 40 * second])
        connectTimeout = .seconds(dice.pick([3000, 3000, 15, 4] as [Int64]))
        var cgroups: [Bool] = []
        for _ in 0..<machineCount { cgroups.append(focus?.hasCgroups ?? dice.chance(perMille: 500)) }
        self.cgroups = cgroups

        var mutants: Set<Mutant> = []
        var twist: Control.Twist?
        switch control {
        case .code(let mutant)?: mutants = [mutant]
        case .model(let chosen)?: twist = chosen
        case nil: break
        }
        self.mutants = mutants
        clockIgnoresSuspend = twist == .clockIgnoresSuspend
        guardianIgnoresEndOfFile = twist == .guardianIgnoresEndOfFile || twist == .deathSignalOnly
        guardianHasNoTimer = twist == .guardianHasNoTimer || twist == .deathSignalOnly
        // Without these a front that lives, or the supervisor's own timer, makes up for what is broken.
        frontDoesNotKill = guardianIgnoresEndOfFile || twist == .frontDoesNotKill
        neverTakesOver = twist == .neverTakesOver || guardianHasNoTimer
        thirdSwitchIsMissing = twist == .thirdSwitchIsMissing || guardianHasNoTimer || guardianIgnoresEndOfFile
        takeOverKillsGuardian = twist == .takeOverKillsGuardian
        frontFreezesGuardian = twist == .frontFreezesGuardian
        sharedDeadlineIsKept = twist == .sharedDeadlineIsKept
        sweepIsMissing = twist == .sweepIsMissing
        sweepIsNotAwaited = twist == .sweepIsNotAwaited
        leavesSessionsOpen = twist == .sessionsLeftOpen
        hasLocalSessions = twist == .localSessions
        knowsOfOriginals = isMixed && twist != .mixedFleetUnset
    }
}
