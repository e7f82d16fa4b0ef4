import Coordination
package import Text

/// What one run asks for: everything that the recipes need to know of the command line and the configuration.
package struct Job: Sendable {
    package var lockname: String
    package var takesLock: Bool
    /// In the order of `resources` in the prefix data, once that was read.
    package var leases: [LeaseRequest]
    package var group: String?
    /// Nil: for as long as it takes.
    package var leaseWait: Duration?
    package var term: Term
    package var mixedFleet: Bool
    /// How late the leader may learn from another server that a session lives: the servers' tickTime (mixed fleets only).
    package var relay: Duration
    package var dataReadLimit: Int
    /// For a connection to come about, at the start and again after a loss.
    package var connectTimeout: Duration
    package var macros: Macros
    package var host: String
    package var pid: Int32
    package var layout: Layout
    /// For messages: the configuration's zkhosts.
    package var servers: String
    /// How long to wait for the lock in its queue; zero: skip if it is held.
    package var lockWait = Limit.seconds(0)
    /// Skip if so many others wait for it already; only where it is waited for.
    package var waiters: Int?
    /// Skip if the last start was less than this ago, by ZooKeeper's clock.
    package var minInterval: Duration?
    /// Skip if its tick was started before.
    package var oncePer: OncePer?
    /// Skip if these have not succeeded since its last run.
    package var after = EarlierJobs()
    /// With one of them, a last run that failed or was lost does not count.
    package var retriesFailed = false
    /// For how long the command may run.
    package var timeout: Duration?
    /// How often it is run again after a failure, and after which pause at first.
    package var retries = 0
    package var retryDelay = Duration.zero
    /// Exit codes of the command that are a success, as 0 always is; and those after which it is not run again.
    package var successCodes = CodeList()
    package var noRetryCodes = CodeList()
    /// How much of a failed run's output is kept.
    package var keptOutputBytes: Int?
    /// Whether the command ends when this host leaves the group.
    package var stopsOnGroupExit = true
    /// This host's clock, in milliseconds since the epoch, for the ends of pauses. At 0 no pause has ended.
    package var wallMilliseconds: @Sendable () -> Int64 = { 0 }
    /// The session of the run whose command has started this one, as text, if there is any (SWITCHMAN_SESSION_ID).
    package var outerSession: String?

    package init(
        lockname: String, takesLock: Bool, leases: [LeaseRequest], group: String?, leaseWait: Duration?, term: Term,
        mixedFleet: Bool, relay: Duration, dataReadLimit: Int, connectTimeout: Duration, macros: Macros, host: String,
        pid: Int32, layout: Layout, servers: String
    ) {
        self.lockname = lockname
        self.takesLock = takesLock
        self.leases = leases
        self.group = group
        self.leaseWait = leaseWait
        self.term = term
        self.mixedFleet = mixedFleet
        self.relay = relay
        self.dataReadLimit = dataReadLimit
        self.connectTimeout = connectTimeout
        self.macros = macros
        self.host = host
        self.pid = pid
        self.layout = layout
        self.servers = servers
    }

    /// - Parameter session: the timeout that the servers grant, or are asked for.
    package func lifetime(session: Duration) -> Lifetime {
        Lifetime(term: term, originals: mixedFleet ? Lifetime.Originals(session: session, relay: relay) : nil)
    }

    /// What the original writes into its nodes, and what its users read there: who it is.
    package var nodeData: [UInt8] { Array("\(host) \(pid)".utf8) }
    /// The same of a place in the lock's queue, where originals do not look: with the tick for which the run waits.
    var lockPlaceData: [UInt8] { nodeData + (oncePer.map { Array(" \($0.tick.text)".utf8) } ?? []) }
    package var waitsForLock: Bool { takesLock && lockWait != .seconds(0) }
    package var lockPath: String { layout.lock(lockname) }
    package var recordPath: String { layout.record(lockname) }
}
