/// The leader's memory of when each session was last heard of, as ZooKeeper keeps it: followers relay touches twice a tick,
/// and expiry is rounded up to whole ticks.
final class SessionTracker {
    private struct Tracked {
        let id: Int64
        var timeout: Int64
        var expiresAt: Int64
        /// The server that it was last connected to; nil after an election, until somebody claims it.
        var owner: Int?
        /// A touch that a follower knows of, and when it will tell.
        var relay: (at: Int64, by: Int)?
    }

    private var tracked: [Tracked] = []
    private let tick: Int64

    init(tick: Int64) { self.tick = tick }

    private func bucket(_ time: Int64) -> Int64 { (time / tick + 1) * tick }

    func open(_ id: Int64, timeout: Int64, at now: Int64, by server: Int) {
        tracked.append(Tracked(id: id, timeout: timeout, expiresAt: bucket(now + timeout), owner: server))
    }

    func forget(_ id: Int64) { tracked.removeAll { $0.id == id } }

    func beginAnew(_ sessions: [(id: Int64, timeout: Int64)], at now: Int64) {
        tracked = sessions.map {
            Tracked(id: $0.id, timeout: $0.timeout, expiresAt: bucket(now + $0.timeout), owner: nil)
        }
    }

    func touch(_ id: Int64, at now: Int64, by server: Int, isLeader: Bool, isCut: Bool) {
        guard !isCut, let index = tracked.firstIndex(where: { $0.id == id }) else { return }
        settle(index, at: now)
        if isLeader {
            renew(index, from: now)
        } else {
            if tracked[index].relay == nil {
                let half = tick / 2
                tracked[index].relay = ((now / half + 1) * half, server)
            }
        }
    }

    /// A follower that loses its leader takes what it has not told with it.
    func cut(_ server: Int, at now: Int64) {
        for index in tracked.indices {
            settle(index, at: now)
            if tracked[index].relay?.by == server { tracked[index].relay = nil }
        }
    }

    /// The timeout that the new server grants may be another (LearnerHandler's REVALIDATE): from here on it counts.
    func move(_ id: Int64, to server: Int, timeout: Int64, at now: Int64) {
        guard let index = tracked.firstIndex(where: { $0.id == id }) else { return }
        settle(index, at: now)
        tracked[index].owner = server
        tracked[index].timeout = timeout
        renew(index, from: now)
    }

    func isOwned(_ id: Int64, by server: Int) -> Bool {
        guard let index = tracked.firstIndex(where: { $0.id == id }) else { return false }
        if tracked[index].owner == nil { tracked[index].owner = server }
        return tracked[index].owner == server
    }

    func overdue(at now: Int64) -> [Int64] {
        for index in tracked.indices { settle(index, at: now) }
        return tracked.filter { $0.expiresAt <= now }.map(\.id)
    }

    private func settle(_ index: Int, at now: Int64) {
        guard let relay = tracked[index].relay, relay.at <= now else { return }
        renew(index, from: relay.at)
        tracked[index].relay = nil
    }

    private func renew(_ index: Int, from time: Int64) {
        tracked[index].expiresAt = bucket(time + tracked[index].timeout)
    }
}
