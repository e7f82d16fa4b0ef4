import Recipes

/// What one run of a simulated world is asked to do, and how its command behaves.
struct Order {
    var lockname: String
    var takesLock: Bool
    var leases: [LeaseRequest]
    var group: String?
    var leaseWait: Duration?
    var termSeconds: Int64
    var grace: Duration
    var lockWait = Limit.seconds(0)
    var minInterval: Duration?
    var retriesFailed = false
    var timeout: Duration?
    var retries = 0
    var retryDelay = Duration.zero
    var command: Behaviour
    /// Comes after the faults: to find everything in order.
    var isProbe = false
    /// Of the Perl original.
    var isOriginal = false

    /// How a command behaves, and the processes that it leaves behind.
    struct Behaviour {
        var lasts: Int64
        /// Of the first attempts; from `succeedsAt` on it is 0.
        var code: Int32
        var succeedsAt = Int.max
        /// How long it takes to die of SIGTERM; nil: it ignores it.
        var diesOfTerm: Int64?
        /// How long each descendant lives, from its birth at a third of the leader's life.
        var descendants: [Int64]
        /// How long SIGKILL takes to end the whole tree.
        var killTakes: Int64
        var failsToStart: Bool
    }

    var text: String {
        var parts = isOriginal ? ["an original"] : []
        parts += [takesLock ? "lock \(lockname)" : "--no-lock \(lockname)"]
        parts += leases.map { "\($0.resource)=\($0.count):\($0.total)" }
        if lockWait != .seconds(0) { parts.append("waits for the lock: \(lockWait)") }
        if let minInterval { parts.append("interval \(minInterval)\(retriesFailed ? ", failed ones again" : "")") }
        if let timeout { parts.append("timeout \(timeout)") }
        if retries > 0 { parts.append("\(retries) retries after \(retryDelay)") }
        if let group { parts.append("group \(group)") }
        if let leaseWait { parts.append("lease wait \(leaseWait)") }
        parts.append("term \(termSeconds) s, lasts \(Double(command.lasts) / 1e9) s, exits \(command.code)")
        if command.diesOfTerm == nil { parts.append("ignores SIGTERM") }
        if !command.descendants.isEmpty { parts.append("\(command.descendants.count) descendants") }
        return parts.joined(separator: ", ")
    }
}
