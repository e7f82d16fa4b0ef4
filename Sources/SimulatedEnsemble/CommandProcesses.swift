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
    private var isBeingKilled = false
    private var afterwards: (() -> Void)?
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
    var leaderIsDead: Bool { processes.first.map { !$0.isAlive } ?? false }

    func start() {
        let behaviour = run.order.command
        attempts += 1
        startedAt = world.now
        let attempt = attempts
        (processes, leaderStatus, ownCode, isBeingKilled) = ([], 0, nil, false)
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
        let then = afterwards
        afterwards = nil
        then?()
    }

    func whenAllDead(_ then: @escaping () -> Void) {
        if areAllDead { then() } else { afterwards = then }
    }

    /// What outlives the leader is nobody's business any more: the promise is given up for it.
    func forgetRest() {
        for index in processes.indices { processes[index].isAlive = false }
        aliveCount = 0
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
    func kill(within: Int64) {
        isBeingKilled = true
        // One of them takes all the time.
        var delay = within
        for index in processes.indices where processes[index].isAlive {
            world.agenda.after(delay) { [self, attempts] in dieAwake(index, attempts, status: 9) }
            delay = world.dice.between(0, within)
        }
    }

    /// The kernel's doing, at the death of its parent.
    func killLeader() {
        guard processes.first?.isAlive == true else { return }
        world.agenda.after(world.dice.between(0, millisecond)) { [self, attempts] in dieAwake(0, attempts, status: 9) }
    }
}
