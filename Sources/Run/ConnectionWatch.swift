import Coordination

/// What the log says of the connection: a line for each loss and each return, and none for the first connection.
struct ConnectionWatch {
    private var isConnected = false
    private var lostAt: BootInstant?
    private var server = "the server"

    mutating func hear(_ event: SessionEvent, server named: String?, at now: BootInstant) -> Remark? {
        switch event {
        case .connected:
            defer { (isConnected, lostAt) = (true, nil) }
            if let named { server = named }
            return lostAt.map { .connectionBack(server: server, after: $0.duration(to: now)) }
        case .suspended where isConnected:
            (isConnected, lostAt) = (false, now)
            return .connectionLost(server: server)
        case .rolledBack: return .serversRolledBack
        default: return nil
        }
    }

    /// Who has left heartbeats unanswered since then.
    func silence(since proven: BootInstant, at now: BootInstant) -> String {
        if let lostAt { return "no connection for \(lostAt.duration(to: now).seconds) s, the last was to \(server)" }
        return "no answer from \(server) for \(proven.duration(to: now).seconds) s"
    }
}
