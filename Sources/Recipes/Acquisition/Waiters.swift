import Coordination

/// `--waiters`: how many runs may wait for the lock at the same time.
extension Acquisition {
    /// Whether so many other runs wait for the lock as may: then this one is not needed.
    ///
    /// With `--once-per` only those count that wait for the same tick, or for a later one. The holder is none; the head of the
    /// queue, if it waits for permits, is.
    ///
    /// - Parameter places: in the lock's queue, those that stand before an own one, or all if there is none.
    func isCrowded(_ places: [Place]) async throws(Interruption) -> Bool {
        guard let most = job.waiters else { return false }
        let queue = job.layout.lockQueue(job.lockname)
        var rest = places.sorted { $0.sequence < $1.sequence }[...]
        var count = 0
        // A queue may be long that others have not limited, and the first places tell enough.
        while count < most, rest.count >= most - count {
            let asked = rest.prefix(max(most - count, Self.placesAtOnce)).map { "\(queue)/\($0.name)" }
            rest = rest.dropFirst(asked.count)
            let requests: [Request] = asked.map {
                job.oncePer == nil ? .exists($0, watch: false) : .get($0, watch: false)
            }
            for (path, reply) in zip(asked, try await talk.askAgain(requests)) {
                let stat = job.oncePer == nil ? try reply.stat() : try reply.node()?.stat
                // It was given up meanwhile.
                guard let stat else { continue }
                try stat.checkIsEphemeral(path)
                // Places that we gave up with an earlier session are nobody's.
                if earlierSessions.contains(stat.ephemeralOwner) { continue }
                if let oncePer = job.oncePer {
                    let tick = try reply.node().flatMap { Place.tick(in: $0.data) }
                    guard let tick, tick.covers(oncePer.tick, of: oncePer.period) else { continue }
                }
                count += 1
            }
        }
        return count >= most
    }

    private static let placesAtOnce = 16

    /// That it is so, in a sentence.
    var crowd: String {
        "\(job.waiters ?? 1) or more wait for \(job.lockPath) already (--waiters \(job.waiters ?? 1))"
    }
}

extension Place {
    /// The tick for which the run waits that has made a place in the lock's queue, `FQDN PID TICK`. Nil without `--once-per`.
    package static func tick(in data: [UInt8]) -> Tick? {
        data.split(separator: UInt8(ascii: " ")).last.flatMap { Tick(String(decoding: $0, as: UTF8.self)) }
    }
}
