/// The processes of one command, as the world knows them: what "a process of the tree is alive" means to the checkers.
final class CommandProcesses {
    private struct Process {
        var isAlive = true
        let isLeader: Bool
    }

    private let world: World
    private unowned let run: SimulatedRun
    private var processes: [Process] = []
    private(set) var attempts = 0
    /// The newest attempt.
    private(set) var startedAt: Int64 = 0
    private var killing: TreeKilling?
    private var isBeingKilled: Bool { killing != nil }
    private var afterwards: [() -> Void] = []
    /// Left behind on purpose: nobody's business any more.
    private var forgotten = 0
    private(set) var leaderStatus: Int32 = 0
    /// The leader exited by itself, with this code.
    private(set) var ownCode: Int32?
    private(set) var aliveCount = 0
    /// True time of the last death.
    private(set) var diedAt: Int64 = 0
    /// Told of every death.
    var onDeath: () -> Void = {}

    init(world: World, run: SimulatedRun) {
        self.world = world
        self.run = run
    }

    var hasStarted: Bool { !processes.isEmpty }
    var areAllDead: Bool { aliveCount == 0 }
    /// Anything at all, what was left behind on purpose included.
    var areThere: Bool { aliveCount > 0 || forgotten > 0 }
    /// How much of the tree is to be killed still.
    var left: Int64 { killing?.left ?? TreeKilling.whole }

    /// How many the guardian counts: each process here stands for many, which the command forks one after the other.
    var size: Int {
        guard aliveCount > 0 else { return 0 }
        let (most, time) = (Int64(run.order.command.size), run.order.command.growsFor)
        let age = min(time, world.now - startedAt) / millisecond
        let grown = time == 0 ? most : 1 + (most - 1) * age / max(1, time / millisecond)
        return max(aliveCount, Int(grown * Int64(aliveCount)) / processes.count)
    }
    var leaderIsDead: Bool { processes.first.map { !$0.isAlive } ?? false }

    func start() {
        let behaviour = run.order.command
        attempts += 1
        startedAt = world.now
        let attempt = attempts
        killing?.end()
        (processes, leaderStatus, ownCode, killing, forgotten) = ([], 0, nil, nil, 0)
        add(isLeader: true)
        world.note("\(run): the command starts\(attempt > 1 ? ", attempt \(attempt)" : "")")
        world.referee.started(run)
        let code = attempt >= behaviour.succeedsAt ? 0 : behaviour.code
        let lasts = min(behaviour.lasts, world.longestCommand)
        world.agenda.after(lasts) { [self] in dieAwake(0, attempt, status: code << 8, byItself: true) }
        for outlives in behaviour.descendants {
            world.agenda.after(lasts / 3) { [self] in
                run.machine.whenAwake { [self] in
                    // Who is stopped or dead cannot fork.
                    guard attempt == attempts, let leader = processes.first, leader.isAlive, !isBeingKilled else {
                        return
                    }
                    let index = processes.count
                    add(isLeader: false)
                    let outlives = min(outlives, world.longestCommand)
                    world.agenda.after(outlives) { [self] in dieAwake(index, attempt, status: 0) }
                }
            }
        }
    }

    /// What would live for long exits soon.
    func hasten() {
        let code = attempts >= run.order.command.succeedsAt ? 0 : run.order.command.code
        let attempt = attempts
        for (index, process) in processes.enumerated() where process.isAlive {
            world.agenda.after(world.dice.between(0, world.longestCommand)) { [self] in
                dieAwake(index, attempt, status: process.isLeader ? code << 8 : 0, byItself: process.isLeader)
            }
        }
    }

    private func add(isLeader: Bool) {
        processes.append(Process(isLeader: isLeader))
        aliveCount += 1
    }

    private func dieAwake(_ index: Int, _ attempt: Int, status: Int32, byItself: Bool = false) {
        run.machine.whenAwake { [self] in
            if attempt == attempts { die(index, status: status, byItself: byItself) }
        }
    }

    private func die(_ index: Int, status: Int32, byItself: Bool = false) {
        // What has been stopped before it is killed does not exit by itself.
        guard processes[index].isAlive, !(byItself && isBeingKilled) else { return }
        processes[index].isAlive = false
        aliveCount -= 1
        if processes[index].isLeader {
            leaderStatus = status
            if byItself { ownCode = status >> 8 }
        }
        if aliveCount == 0 {
            diedAt = world.now
            world.note("\(run): nothing of the command is left")
        }
        onDeath()
        if aliveCount == 0 { finish() }
    }

    private func finish() {
        killing?.end()
        let all = afterwards
        afterwards = []
        for then in all { then() }
    }

    func whenAllDead(_ then: @escaping () -> Void) {
        if areAllDead { then() } else { afterwards.append(then) }
    }

    /// What outlives the leader is nobody's business any more: the promise is given up for it.
    func forgetRest() {
        for index in processes.indices { processes[index].isAlive = false }
        (forgotten, aliveCount) = (aliveCount, 0)
        finish()
    }

    // MARK: Signals

    /// To the leader alone.
    func signal(_ signal: Int32) {
        guard processes.first?.isAlive == true, let delay = run.order.command.diesOfTerm else { return }
        world.agenda.after(delay) { [self, attempts] in dieAwake(0, attempts, status: signal) }
    }

    func terminate() {
        guard let delay = run.order.command.diesOfTerm else { return }
        for index in processes.indices where processes[index].isAlive {
            world.agenda.after(world.dice.between(0, delay)) { [self, attempts] in
                dieAwake(index, attempts, status: 15)
            }
        }
    }

    /// Stops them, then kills them one after the other.
    /// - Parameter takes: how long this killer would take for the whole tree.
    func kill(by killer: TreeKilling.Killer, takes: Int64) {
        guard !areAllDead else { return }
        let killing =
            killing
            ?? TreeKilling(world: world, processes: processes.indices.filter { processes[$0].isAlive }) {
                [self] in die($0, status: 9)
            }
        self.killing = killing
        killing.hold(run.machine.isSuspended)
        if killing.has(killer) { return killing.set(killer, isAtWork: true) }
        killing.join(killer, takes: takes)
    }

    func isKilled(by killer: TreeKilling.Killer) -> Bool { killing?.has(killer) ?? false }

    func set(_ killer: TreeKilling.Killer, isAtWork: Bool) { killing?.set(killer, isAtWork: isAtWork) }

    func resume(_ killer: TreeKilling.Killer, takes: Int64) { killing?.resume(killer, takes: takes) }

    func hold(_ isHeld: Bool) { killing?.hold(isHeld) }

    /// The kernel's doing, at the death of its parent.
    func killLeader() {
        // Who has changed its user, or gained rights, has forgotten that it was to die with its parent.
        guard processes.first?.isAlive == true, !run.order.command.outlivesGuardian else { return }
        world.agenda.after(world.dice.between(0, millisecond)) { [self, attempts] in dieAwake(0, attempts, status: 9) }
    }
}
