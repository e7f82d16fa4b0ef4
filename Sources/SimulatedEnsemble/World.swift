import Coordination
import Recipes
import Text

/// One simulated fleet and its history, from a seed.
///
/// `@unchecked Sendable`: used by the one thread that drives it.
@safe package final class World: @unchecked Sendable {
    package let seed: UInt64
    var dice: Dice
    let agenda = Agenda()
    let executor = SimulatedExecutor()
    let plot: Plot
    private(set) var ensemble: Quorum!
    let network: Network
    private(set) var machines: [Machine] = []
    private(set) var runs: [SimulatedRun] = []
    private(set) var referee: Referee!
    private(set) var scenario: Scenario!
    /// Faults happen; afterwards everything has to come to rest.
    var isChaos = false
    /// When nothing goes wrong any more, a long command that is owned only heartbeats: there is nothing to learn from that.
    private(set) var longestCommand = Int64.max
    private let isRecording: Bool
    package private(set) var timeline: [String] = []
    package private(set) var tallies: [String: Int] = [:]

    package convenience init(seed: UInt64, control: Control? = nil, isRecording: Bool = false) {
        // Every sixteenth history is that of a fleet which moves over.
        let focus = control?.focus ?? (control == nil && seed % 16 == 3 ? Focus.mixedFleet : nil)
        self.init(seed: seed, control: control, focus: focus, isRecording: isRecording)
    }

    /// - Parameter focus: what the history is mostly about; with that of a control, and without the control, its sound twin.
    init(seed: UInt64, control: Control?, focus: Focus?, isRecording: Bool = false) {
        self.seed = seed
        self.isRecording = isRecording
        dice = Dice(seed: seed)
        plot = Plot(dice: &dice, control: control, focus: focus)
        network = Network(machines: plot.machineCount, servers: plot.serverCount)
        ensemble = Quorum(world: self, serverCount: plot.serverCount, tick: plot.tick)
        referee = Referee(world: self)
        scenario = Scenario(world: self)
        machines = (0..<plot.machineCount).map {
            Machine(
                world: self, number: $0, driftMillionths: plot.drifts[$0],
                bootedAt: dice.between(second, 1_000_000 * second), hasCgroups: plot.cgroups[$0])
        }
    }

    var now: Int64 { agenda.now }

    /// What the history proved wrong, if anything.
    package private(set) var violation: Violation?
    package var fingerprint: UInt64 { agenda.fingerprint }
    package var steps: Int { agenda.steps }
    package private(set) var simulatedSeconds: Int64 = 0

    package func perform() {
        scenario.perform()
        referee.close()
        simulatedSeconds = now / second
        agenda.clear()
        for run in runs { run.vanish() }
        while agenda.step(until: .max) {}
        // The parts know each other; what is over must not stay in memory.
        agenda.clear()
        violation = referee.violation
        (runs, machines) = ([], [])
        (ensemble, referee, scenario) = (nil, nil, nil)
    }

    func add(_ order: Order, on machine: Machine) {
        var order = order
        order.isOriginal = machine.number >= plot.nativeMachines
        if order.isOriginal {
            (order.lockWait, order.minInterval, order.timeout, order.retries) = (.seconds(0), nil, nil, 0)
            (order.group, order.descendants, order.isOncePerTick) = (nil, .wait, false)
            order.after = EarlierJobs()
            order.isPlagued = false
            (order.command.size, order.command.starves) = (1, 0)
        }
        // A half of what a run allows beside real servers, whose relays wait for processors and networks as well. In the model they
        // take no longer than this, so that an error of the formula shows.
        let relay = Duration.nanoseconds(plot.tick / 2)
        var job = Job(
            lockname: order.lockname, takesLock: order.takesLock, leases: order.leases, group: order.group,
            leaseWait: order.leaseWait, term: Term(seconds: order.termSeconds), mixedFleet: plot.knowsOfOriginals,
            relay: relay, dataReadLimit: 1 << 20, connectTimeout: plot.connectTimeout,
            macros: Macros(fqdn: machine.name, cpuCount: 2, memoryMB: 1024), host: machine.name,
            pid: Int32(1000 + runs.count), layout: Plot.layout,
            servers: "simulated")
        job.play(plot.mutants)
        job.lockWait = order.lockWait
        job.waiters = order.lockWait == .seconds(0) ? nil : order.waiters
        job.minInterval = order.minInterval
        if order.isOncePerTick { job.oncePer = machine.oncePer }
        let (world, number) = (self, machine.number)
        job.wallMilliseconds = { world.machines[number].wallMilliseconds }
        job.after = order.after
        job.retriesFailed = order.retriesFailed
        job.timeout = order.timeout
        job.retries = order.retries
        job.retryDelay = order.retryDelay
        if order.keepsOutput { job.keptOutputBytes = 8192 }
        job.stopsOnGroupExit = !order.staysInGroup
        let run = SimulatedRun(world: self, machine: machine, number: runs.count, job: job, order: order)
        runs.append(run)
        run.begin()
    }

    func hasten() {
        longestCommand = 8 * second
        for run in runs where run.life == .running && !run.order.isOriginal {
            let owned = run.sessions.last.map { referee.books.state.ephemerals(of: $0) } ?? []
            // What is to be killed must not be gone by itself before.
            if owned.contains(where: { !$0.isPlace }) { run.tree.processes.hasten() }
        }
    }

    func owner(of session: Int64) -> SimulatedRun? { runs.first { $0.sessions.contains(session) } }

    // MARK: History

    func note(_ text: @autoclosure () -> String) {
        guard isRecording else { return }
        let milliseconds = String(now / millisecond % 1000 + 1000).dropFirst()
        timeline.append("\(now / second).\(milliseconds)  \(text())")
    }

    func tally(_ fault: String) { tallies[fault, default: 0] += 1 }
}

/// A way to break the code under test, or the model: what the checkers must see.
package enum Control: Sendable, Hashable {
    case code(Mutant)
    case model(Twist)

    package enum Twist: String, CaseIterable, Sendable {
        case clockIgnoresSuspend
        case guardianIgnoresEndOfFile
        case guardianHasNoTimer
        case deathSignalOnly
        case neverTakesOver
        case takeOverKillsGuardian
        case frontFreezesGuardian
        case frontDoesNotKill
        case thirdSwitchIsMissing
        case sharedDeadlineIsKept
        case sweepIsMissing
        case sweepIsNotAwaited
        case localSessions
        case sessionsLeftOpen
        case mixedFleetUnset
        /// No breaks, but stated limits of a mixed fleet: what servers do in it, and hands (Docs/Testing.md).
        case mixedFleetBesideFaultyServers
        case mixedFleetBesideShortTimeouts
        case mixedFleetBesideDeletions
    }

    package static var all: [Control] { Mutant.all.map { .code($0) } + Twist.allCases.map { .model($0) } }

    package var name: String {
        switch self {
        case .code(let mutant): mutant.name
        case .model(let twist): twist.rawValue
        }
    }

    /// Shows what is not promised: there is no sound history beside it.
    var isLimit: Bool {
        switch self {
        case .model(.mixedFleetBesideFaultyServers), .model(.mixedFleetBesideShortTimeouts),
            .model(.mixedFleetBesideDeletions):
            true
        default: false
        }
    }

    package init?(name: String) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
