import Coordination

/// Writes in a row that failed because what had just been read was out of date.
package struct Contradictions {
    /// When the first server was left for them.
    private var since = BootInstant.never
    private var last: BootInstant?
    private var count = 0

    /// Rivals can come between a look and its write, but hardly so often.
    private static let tolerated = 4
    static let pause = Duration.milliseconds(500)
    /// One that comes later than this has nothing to do with those before.
    private static let memory = Duration.seconds(5)

    package init() {}

    /// What was read is out of date, so it is read again. If that goes on, the server that we read from does not follow
    /// those that decide: it lags for good, or its tree has another content (seen with ZooKeeper 3.8.0, after crashes). Then it is
    /// left, with a pause; after the connect timeout that is an error.
    ///
    /// - Parameter subject: for the message, what was read.
    package mutating func met(_ subject: String, _ talk: Conversation) async throws(Interruption) {
        let now = talk.clock.now
        if let last, last.duration(to: now) > Self.memory { count = 0 }
        (count, last) = (count + 1, now)
        if count <= Self.tolerated { since = now }
        if count < Self.tolerated { return }
        if since.duration(to: now) >= talk.connectTimeout { throw Self.refusal(of: subject) }
        talk.ensemble.dropConnection()
        try await talk.rest(until: now.advanced(by: Self.pause))
    }

    static func refusal(of subject: String) -> Interruption {
        .refused(
            "ZooKeeper keeps rejecting writes that its own reads of \(subject) say should succeed; do its servers show the "
                + "same nodes? (a follower may have lost or kept transactions, as those of 3.8.4 and before, 3.9.0, 3.9.1 "
                + "and 3.9.3 can)")
    }
}
