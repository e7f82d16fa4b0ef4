import Coordination
import Recipes

/// `--waiters`, judged from what stands in the lock's queue.
extension Rota {
    /// A run that watches the place before its own has found room: at some instant since its place was made, fewer stood before it
    /// than may. What stands before it now stood there all the while.
    func waits(
        _ run: SimulatedRun, _ requests: [Request], _ books: Books, _ accuse: (Violation.Promise, String) -> Void
    ) {
        let queue = Plot.layout.lockQueue(run.job.lockname)
        let isWaiting = requests.contains {
            if case .exists(let path, watch: true) = $0 { path.hasPrefix("\(queue)/") } else { false }
        }
        guard let most = run.job.waiters, isWaiting, let session = run.sessions.last else { return }
        let places = books.state.children(queue).compactMap { Place(name: $0) }
        func owner(_ place: Place) -> Int64? { books.state["\(queue)/\(place.name)"]?.owner }
        guard let own = places.first(where: { owner($0) == session }) else { return }
        let before = places.filter { place in
            guard place.sequence < own.sequence, let other = owner(place).flatMap({ run.rival(of: $0) }) else {
                return false
            }
            return other.counts(for: run)
        }
        if before.count >= most {
            accuse(.crowd, "\(run) waits behind \(before.count), and \(most) may wait: \(before.map(\.name))")
        }
    }
}

extension SimulatedRun {
    /// Who has that session, unless it is this run.
    fileprivate func rival(of session: Int64) -> SimulatedRun? {
        sessions.contains(session) ? nil : world.owner(of: session)
    }

    /// Whether it waits for what the other one waits for, so that one of the two may be enough.
    func counts(for other: SimulatedRun) -> Bool {
        guard let theirs = other.job.oncePer else { return true }
        return job.oncePer?.tick.covers(theirs.tick, of: theirs.period) ?? false
    }
}

extension Verdict {
    /// So many others have waited since it began, if not all at the same instant: what it saw may be old.
    func judgeQueued(_ accuse: (Violation.Promise, String) -> Void) {
        if books.wasQueued(run.job.lockname, since: run.startedAt, otherThanBy: run.sessions) { return }
        guard let most = run.job.waiters else {
            return accuse(.truth, "\(run) says that its job waits already, which none did since it began")
        }
        let others = books.stood("line of \(run.job.lockname)", since: run.startedAt)
            .filter { session in
                !run.sessions.contains(session) && (world.owner(of: session)?.counts(for: run) ?? false)
            }
        if others.count < most {
            accuse(.truth, "\(run) says that \(most) wait for its lock, and \(others.count) did since it began")
        }
    }
}
