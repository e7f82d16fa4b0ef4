import Coordination
import Recipes
import Text

/// Chains of jobs, told from the records that were committed, from the runs that wrote them and from what their commands did.
struct ChainBook {
    /// The successes that each job's record has told of, the oldest first.
    private var successes: [String: [(token: Int64, at: Int64)]] = [:]
    /// Which successes the takes of each job have written down.
    private var taken: [String: [Generation]] = [:]
    private var started: [String: [(generation: Generation, run: SimulatedRun)]] = [:]
    /// Jobs whose record an operator has removed.
    private var forgotten: Set<String> = []

    mutating func forget(_ lockname: String) {
        (successes[lockname], started[lockname], taken[lockname]) = (nil, nil, nil)
        forgotten.insert(lockname)
    }

    mutating func committed(_ transaction: Transaction, at now: Int64) {
        for change in transaction.changes {
            switch change {
            case .create(let path, let data, _), .set(let path, let data):
                guard path.isUnder("jobs"), let record = JobRecord(bytes: data) else { continue }
                let name = ZNodeTree.name(of: path)
                taken[name, default: []] += record.generations.current
                guard let token = record.lastSuccess?.token, successes[name]?.last?.token != token else { continue }
                successes[name, default: []].append((token, now))
            default: break
            }
        }
    }

    // MARK: Starts

    /// - Parameter record: of the job, as it stands now: what it does not say, no run can know.
    mutating func starts(
        _ run: SimulatedRun, _ record: JobRecord?, _ accuse: (Violation.Promise, String) -> Void
    ) {
        if !run.job.after.names.isEmpty { run.world.tally("chained start") }
        for parent in run.job.after.names {
            let others = run.world.runs.filter { $0.job.lockname == parent && $0.hasEndedWell }
            if let own = run.job.oncePer {
                let isDone = others.contains { $0.job.oncePer?.tick.seconds == own.tick.seconds }
                if !isDone { accuse(.chain, "\(run) starts \(own.tick.text), before \(parent) has succeeded in it") }
                continue
            }
            guard let seen = run.claims?.record?.content.generations.current.first(where: { $0.job == parent }) else {
                accuse(.chain, "\(run) starts, and has not written down after which success of \(parent)")
                continue
            }
            if !others.contains(where: { $0.claims?.lock?.czxid == seen.token }) {
                accuse(.chain, "\(run) starts after \(seen.token) of \(parent), which is no success")
            }
            checkOnce(run, seen, record, accuse)
        }
    }

    private mutating func checkOnce(
        _ run: SimulatedRun, _ seen: Generation, _ record: JobRecord?,
        _ accuse: (Violation.Promise, String) -> Void
    ) {
        let name = run.job.lockname
        let before = (started[name] ?? []).filter { $0.generation == seen && $0.run !== run }
        started[name, default: []].append((seen, run))
        let counted = before.first { earlier in
            guard run.job.retriesFailed else { return true }
            let token = earlier.run.claims?.lock?.czxid
            return record?.runs.contains { $0.token == token && $0.hasSucceeded } ?? false
        }
        if let counted { accuse(.chain, "\(run) starts after \(seen.token) of \(seen.job), as \(counted.run) has") }
    }

    // MARK: Skips

    /// Who says that it is not ready has looked in vain: what had been written down when it began, somebody has taken.
    func judge(_ run: SimulatedRun, _ books: Books, _ accuse: (Violation.Promise, String) -> Void) {
        let parents = run.job.after.names
        if parents.isEmpty { return accuse(.truth, "\(run) comes after no job") }
        // Who waits may be overtaken by another run for what was new before.
        let isClear = !run.job.waitsForLock && forgotten.isDisjoint(with: parents + [run.job.lockname])
        guard isClear else { return }
        let areReady = parents.allSatisfy { parent in
            if let own = run.job.oncePer {
                return remembered(parent, books, before: run.startedAt).contains { $0.seconds == own.tick.seconds }
            }
            let told = successes[parent] ?? []
            guard let newest = told.lastIndex(where: { $0.at < run.startedAt }) else { return false }
            // Who has taken one that came since has passed by all before it.
            let taken = taken[run.job.lockname] ?? []
            return !told[newest...].contains { taken.contains(Generation(job: parent, token: $0.token)) }
        }
        if areReady { accuse(.truth, "\(run) says that \(parents) have not succeeded, which they have") }
    }

    /// The ticks of the successes that a record has now, and had then.
    private func remembered(_ parent: String, _ books: Books, before instant: Int64) -> [Tick] {
        let record = books.state[Plot.layout.record(parent)].flatMap { JobRecord(bytes: $0.data) }
        return (record?.runs ?? []).filter { past in
            past.hasSucceeded && (successes[parent] ?? []).contains { $0.token == past.token && $0.at < instant }
        }.compactMap { $0.tick.flatMap(Tick.init) }
    }
}

extension SimulatedRun {
    /// Its command, and all that it left behind, is gone, and exited with 0.
    fileprivate var hasEndedWell: Bool { tree.processes.areAllDead && tree.processes.ownCode == 0 }
}

extension Plot {
    /// Mostly the first of two jobs; where chains are on trial, both alike.
    func lockname(_ dice: inout Dice) -> String {
        if theme == .permits { return "j\(dice.below(4))" }
        return dice.chance(perMille: focus?.isChained == true ? 500 : 800) ? "a" : "b"
    }
}

extension Order {
    /// Some runs of the second job come after the first; where chains are on trial, all do, and where something else is, none.
    mutating func joinChain(_ focus: Focus?, seed: UInt64) {
        let dice = command.lasts / millisecond
        let isChained = focus?.isChained ?? false
        if isChained {
            // Every third history by ticks.
            isOncePerTick = seed % 3 == 0
            minInterval = nil
            if lockname == "a" { command.code = dice % 3 == 0 ? 1 : 0 }
        }
        guard lockname == "b", takesLock, isChained || focus == nil && dice % 2 == 0 else { return }
        after = (try? EarlierJobs("a")) ?? EarlierJobs()
        retriesFailed = retriesFailed || dice % 4 == 0
        // One that waits for a success that nobody brings waits for ever.
        if lockWait == .forever { lockWait = .seconds(60) }
    }
}
