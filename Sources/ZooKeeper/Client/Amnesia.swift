import Coordination

/// Whether the servers have forgotten what they once told this session: restored from an old copy, or begun anew with nothing.
///
/// They refuse such a session without a word until they have caught up with it, hours later or never (ZooKeeperServer,
/// "client must try another server"), and the library tries on. A committed transaction is on a majority: when a majority
/// knows only older ones, and goes on so for a session timeout, longer than a follower lags behind, it is lost.
struct Amnesia {
    private let patience: UInt32
    /// In the same seconds as `isProven` has.
    private var since: UInt32?

    init(_ sessionTimeout: Duration?) {
        patience = UInt32(clamping: sessionTimeout?.components.seconds ?? .max)
    }

    /// True once.
    ///
    /// - Parameters:
    ///   - seconds: since the connection was lost; nobody is asked before a session timeout has passed.
    ///   - newestZxid: the newest transaction that this session was told of.
    mutating func isProven(
        seconds: UInt32, newestZxid: Int64, asks: () -> (servers: Int, statements: [ServerStatement])
    ) -> Bool {
        guard seconds >= patience, newestZxid > 0 else { return false }
        let (servers, statements) = asks()
        guard statements.count * 2 > servers, statements.allSatisfy({ $0.zxid < newestZxid }) else {
            since = nil
            return false
        }
        let first = since ?? seconds
        since = first
        guard seconds - first >= patience else { return false }
        since = nil
        return true
    }
}
