import Coordination

/// Takes in a row that failed because what had just been read was out of date.
struct Contradiction {
    /// When the first server was left for it.
    var since: BootInstant
    var last: BootInstant
    var count = 0

    /// Rivals can come between a look and its take, but hardly so often.
    static let tolerated = 4
    static let pause = Duration.milliseconds(500)
    /// One that comes later than this has nothing to do with those before.
    static let memory = Duration.seconds(5)

    static func refusal(of subject: String) -> Interruption {
        .refused(
            "ZooKeeper keeps rejecting writes that its own reads of \(subject) say should succeed; do its servers show the "
                + "same nodes? (a follower may have lost or kept transactions, as those of 3.8.4 and before, 3.9.0, 3.9.1 "
                + "and 3.9.3 can)")
    }
}

extension Acquisition {
    /// What was read is out of date, so it is read again. If that goes on, the server that we read from does not follow
    /// those that decide: it lags for good, or its tree has another content (seen with ZooKeeper 3.8.0, after crashes).
    func contradicted() async throws(Interruption) {
        let now = talk.clock.now
        var latest = contradiction ?? Contradiction(since: now, last: now)
        if latest.last.duration(to: now) > Contradiction.memory { latest = Contradiction(since: now, last: now) }
        (latest.count, latest.last) = (latest.count + 1, now)
        if latest.count <= Contradiction.tolerated { latest.since = now }
        contradiction = latest
        if latest.count < Contradiction.tolerated { return }
        if latest.since.duration(to: now) >= talk.connectTimeout {
            throw Contradiction.refusal(of: job.lockname)
        }
        talk.ensemble.dropConnection()
        try await talk.rest(until: now.advanced(by: Contradiction.pause))
    }
}
