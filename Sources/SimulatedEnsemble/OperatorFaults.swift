import Coordination
import Recipes

/// What an operator does: pauses, drains, asks a holder to stop.
extension Nemesis {
    func operate() {
        switch world.dice.below(3) {
        case 0: pause(#""paused":["a"]"#)
        case 1: pause(#""drained":["\#(world.machines[world.dice.below(world.machines.count)].name)"]"#)
        default: askToStop()
        }
    }

    private func pause(_ members: String) {
        let path = Plot.layout.prefix
        guard let node = world.referee.books.state[path],
            !String(decoding: node.data, as: UTF8.self).contains("ed\":[\"")
        else { return }
        world.tally("paused or drained")
        let before = node.data
        let data = Array(before.dropLast()) + Array(",\(members)}".utf8)
        world.note("the data of \(path) says \(members)")
        world.ensemble.operate([.set(path, data: data, version: node.version)])
        undo(after: duration) { [self] in resume(with: before) }
    }

    /// Until a leader takes it; the pause itself may still be on its way.
    private func resume(with data: [UInt8], looks: Int = 5) {
        guard looks > 0, let node = world.referee.books.state[Plot.layout.prefix] else { return }
        let isPaused = node.data != data
        if isPaused {
            world.note("nothing is to be paused any more")
            world.ensemble.operate([.set(Plot.layout.prefix, data: data, version: node.version)])
        }
        world.agenda.after(second) { [self] in resume(with: data, looks: isPaused ? 5 : looks - 1) }
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
