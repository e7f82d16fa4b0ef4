import Coordination
import Recipes
import Text

/// What an operator does: pauses, drains, holds resources, asks a holder to stop, tidies up.
extension Nemesis {
    func operate() {
        switch world.dice.below(world.plot.declaresTotals ? 8 : 5) {
        case 0 where world.plot.theme == .lock: pause("a", list: "paused", notes: "pauses")
        case 0: hold()
        case 1:
            pause(
                world.machines[world.dice.below(world.machines.count)].name, list: "drained", notes: "drains")
        case 2: expel()
        case 3: tidy()
        case 4: askToStop()
        default: changeTotals()
        }
    }

    /// More permits, or fewer: the usual emergency.
    private func changeTotals() {
        let total = world.plot.total
        let other = world.dice.between(1, 5)
        world.tally("totals changed")
        change { $0.replacing("\":\(total)", with: "\":\(other)") }
    }

    /// A host leaves the group.
    private func expel() {
        let host = world.machines[world.dice.below(world.machines.count)].name
        change { $0.replacing("\"\(host)\"", with: "\"nobody\"") }
    }

    private func pause(_ members: String) { change { $0.dropLast() + ",\(members)}" } }

    /// Half of them end by themselves, and nobody lifts those; of jobs, some are pauses of all.
    private func pause(_ name: String, list: String, notes: String) {
        let ends: [Int64?] = world.plot.focus?.pausesEnd ?? true ? [nil, 5, nil, 12, nil, 30] : [nil]
        guard let seconds = ends[Int(world.now / millisecond) % ends.count] else {
            return pause(#""\#(list)":["\#(name)"]"#)
        }
        world.tally("pause with an end")
        let until = TimeStamp(milliseconds: world.now / millisecond + seconds * 1000).text
        let isOfAll = list == "paused" && seconds == 12
        let member =
            isOfAll
            ? #""all_paused":{"until":"\#(until)"}"# : #""\#(notes)":{"\#(name)":{"until":"\#(until)"}}"#
        change(isUndone: false) { $0.dropLast() + ",\(member)}" }
    }

    /// Half of the holds end by themselves, and nobody lifts them.
    private func hold() {
        world.tally("resource held")
        let resource = world.dice.pick(["r1", "r1", "r2"])
        // Where there are locks, a pause comes with it.
        let paused = world.plot.theme == .both ? #""paused":["a"],"# : ""
        guard world.plot.theme == .permits, world.dice.chance(perMille: 500) else {
            return pause(#"\#(paused)"holds":{"\#(resource)":{}}"#)
        }
        let until = TimeStamp(milliseconds: world.now / millisecond + world.dice.between(5, 40) * 1000)
        change(isUndone: false) { $0.dropLast() + #","holds":{"\#(resource)":{"until":"\#(until.text)"}}}"# }
    }

    private func change(isUndone: Bool = true, _ edit: (String) -> String) {
        let path = Plot.layout.prefix
        guard let node = world.referee.books.state[path], node.data == world.scenario.fleetData else { return }
        world.tally("fleet data changed")
        let before = node.data
        let text = edit(String(decoding: before, as: UTF8.self))
        let data = Array(text.utf8)
        world.note("the data of \(path) is to be \(text)")
        world.ensemble.operate([.set(path, data: data, version: node.version)])
        if isUndone { undo(after: duration) { [self] in resume(with: before) } }
    }

    /// Until a leader takes it; the pause itself may still be on its way.
    private func resume(with data: [UInt8], looks: Int = 60) {
        guard looks > 0, let node = world.referee.books.state[Plot.layout.prefix] else { return }
        let isPaused = node.data != data
        if isPaused {
            world.note("nothing is to be paused any more")
            world.ensemble.operate([.set(Plot.layout.prefix, data: data, version: node.version)])
        }
        world.agenda.after(second) { [self] in resume(with: data, looks: isPaused ? 60 : looks - 1) }
    }

    /// As `switchmanctl tidy`: records that ended longer ago than the longest term, of locks that nobody holds. Younger
    /// ones a release may still be about whose reply was lost.
    private func tidy() {
        let (layout, state) = (Plot.layout, world.referee.books.state)
        let age = (world.plot.termsSeconds.max() ?? 0) * second
        for name in state.children(layout.records) {
            guard let node = state[layout.record(name)], JobRecord(bytes: node.data)?.state == .ended,
                state[layout.lock(name)] == nil, world.now - node.mtime * millisecond > age
            else { continue }
            world.tally("record removed")
            world.note("\(layout.record(name)) is to be removed")
            world.ensemble.operate(
                layout.removal(of: layout.record(name), data: node.data, version: node.version, above: []))
        }
    }

    private func askToStop() {
        guard let run = holder, run.job.takesLock, let lock = world.referee.books.state[run.job.lockPath] else {
            return
        }
        world.tally("asked to stop")
        let path = Plot.layout.stopRequest(run.job.lockname, czxid: lock.czxid)
        world.note("an operator asks the holder of \(run.job.lockPath) to stop")
        // Answers are read where it is left for good: it stops nobody else.
        run.disturb()
        world.ensemble.operate([.create(path, data: [], .persistent)])
    }
}
