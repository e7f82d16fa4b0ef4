import Coordination
import Glibc

extension Server {
    /// The host itself, if it is an address already.
    var numericAddress: Address? {
        Address.resolve(self, flags: AI_NUMERICHOST).first
    }
}

/// The order in which the C client is to try the servers.
///
/// The client waits two thirds of the session timeout for a server that accepts and never answers, so who answers a
/// question goes first. The next server is asked when one has been silent for `stagger`, as browsers do with addresses
/// (RFC 8305): with all servers well this asks one server once.
enum ServerList {
    static let staggerMilliseconds: Int64 = 40
    /// After this the client tries them in any order; its own connecting, and the run's connect timeout, go on.
    static let patienceMilliseconds: Int64 = 3000

    static func ordered(_ addresses: [Address]) -> [String] {
        var addresses = addresses.shuffled()
        if addresses.count > 1 { addresses = probed(addresses) }
        // After a failure the client advances twice through its list (ZOOKEEPER-2466): an even list would be half deaf.
        if addresses.count.isMultiple(of: 2), let last = addresses.last { addresses.append(last) }
        return addresses.map(\.text)
    }

    /// The first to answer goes to the front, those known to be bad go to the end.
    private static func probed(_ addresses: [Address]) -> [Address] {
        var probes: [Probe] = []
        defer { for probe in probes { probe.close() } }
        var winner: Address?
        let start = Monotonic.milliseconds
        var nextAt = start
        while winner == nil, Monotonic.milliseconds - start < patienceMilliseconds {
            if probes.count < addresses.count,
                Monotonic.milliseconds >= nextAt || probes.allSatisfy({ $0.state == .bad })
            {
                probes.append(Probe(addresses[probes.count]))
                nextAt = Monotonic.milliseconds + staggerMilliseconds
                continue
            }
            if probes.count == addresses.count, probes.allSatisfy({ $0.state == .bad }) { break }
            let until = probes.count < addresses.count ? nextAt : start + patienceMilliseconds
            Probe.wait(for: probes, milliseconds: max(0, until - Monotonic.milliseconds))
            winner = probes.first { $0.state == .good }?.address
        }
        let bad = probes.filter { $0.state == .bad }.map(\.address)
        let silent = probes.filter { $0.state == .asked || $0.state == .connecting }.map(\.address)
            .filter { $0 != winner }
        let others = addresses.filter { $0 != winner && !bad.contains($0) && !silent.contains($0) }
        return (winner.map { [$0] } ?? []) + others + silent + bad
    }
}
