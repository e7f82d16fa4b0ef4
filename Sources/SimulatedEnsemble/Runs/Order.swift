import Coordination
import Recipes
import Text

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
    /// Only where it waits.
    var waiters: Int?
    var minInterval: Duration?
    var isOncePerTick = false
    var after = EarlierJobs()
    var retriesFailed = false
    var timeout: Duration?
    var retries = 0
    var retryDelay = Duration.zero
    /// A third of those that may.
    var keepsOutput: Bool { takesLock && descendants != .leave && command.lasts / millisecond % 3 == 1 }
    var staysInGroup = false
    var descendants = Descendants.wait
    var command: Behaviour
    /// Comes after the faults: to find everything in order.
    var isProbe = false
    /// More than one fault at a time befalls its own processes.
    var isPlagued = false
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
        /// How many processes it comes to, forking one after the other ...
        var size = 1
        /// ... for so long.
        var growsFor: Int64 = 0
        /// How much of the time that is set aside for it killing takes, in thousandths.
        var dragPerMille: Int
        /// For how long at the most those who supervise it wait for the processor, which it keeps busy.
        var starves: Int64 = 0
        /// For how long what a dead run has left of it resists the sweep of the next one.
        var clings: Int64 = 0
        /// It has gained rights, so the kernel does not kill it with its guardian.
        var outlivesGuardian = false
        var failsToStart: Bool
    }

    var text: String {
        var parts = isOriginal ? ["an original"] : []
        parts += [takesLock ? "lock \(lockname)" : "--no-lock \(lockname)"]
        parts += leases.map { "\($0.resource)=\($0.count):\($0.total)" }
        if lockWait != .seconds(0) { parts.append("waits for the lock: \(lockWait)") }
        if let waiters, lockWait != .seconds(0) { parts.append("waiters \(waiters)") }
        if let minInterval { parts.append("interval \(minInterval)\(retriesFailed ? ", failed ones again" : "")") }
        if isOncePerTick { parts.append("once per tick\(retriesFailed ? ", failed ones again" : "")") }
        if !after.names.isEmpty { parts.append("after \(after.names)\(retriesFailed ? ", failed ones again" : "")") }
        if let timeout { parts.append("timeout \(timeout)") }
        if retries > 0 { parts.append("\(retries) retries after \(retryDelay)") }
        if keepsOutput { parts.append("keeps its output") }
        if let group { parts.append("group \(group)") }
        if descendants != .wait { parts.append("descendants \(descendants)") }
        if let leaseWait { parts.append("lease wait \(leaseWait)") }
        parts.append("term \(termSeconds) s, lasts \(Double(command.lasts) / 1e9) s, exits \(command.code)")
        if command.diesOfTerm == nil { parts.append("ignores SIGTERM") }
        if command.size > 4 { parts.append("\(command.size) processes in \(command.growsFor / second) s") }
        if command.starves > 0 { parts.append("keeps the processor for \(command.starves / millisecond) ms") }
        if isPlagued { parts.append("plagued") }
        if !command.descendants.isEmpty { parts.append("\(command.descendants.count) descendants") }
        return parts.joined(separator: ", ")
    }
}
