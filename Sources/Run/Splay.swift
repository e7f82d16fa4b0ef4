package import Coordination
package import Recipes

/// A delay before anything else, so that a thousand crontabs do not call at the same second.
///
/// Always the same for one host and one job: an interval between two runs stays what the crontab says.
package enum Splay {
    /// Evenly spread below the limit: FNV-1a (Fowler, Noll, Vo), and MurmurHash3's last step, without which names that
    /// differ in their end alone would come close together.
    package static func delay(below limit: Duration, host: String, lockname: String) -> Duration {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Array(host.utf8) + [0] + Array(lockname.utf8) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
        hash ^= hash >> 33
        let nanoseconds = UInt64(max(0, limit.nanoseconds))
        return .nanoseconds(Int64(nanoseconds.multipliedFullWidth(by: hash).high))
    }

    /// Lets the time pass.
    package static func wait(
        for delay: Duration, inbox: any Inbox, clock: any Timekeeper
    ) async throws(Interruption) {
        let end = clock.now.advanced(by: delay)
        while clock.now < end {
            clock.wake(at: end)
            switch await inbox.next() {
            case .signal(let signal, _, _) where Ending.endingSignals.contains(signal): throw .signal(signal)
            case .callerGone: throw .callerGone
            case .tree(.guardianGone): throw .guardianGone
            default: break
            }
        }
    }
}
