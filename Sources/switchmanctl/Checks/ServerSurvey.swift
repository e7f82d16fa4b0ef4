import POSIX
import Checks
import Host
import Invocation
import ZooKeeper

/// Asks every server of the configuration, each on its own and all at once, what `check` wants to know of it.
enum ServerSurvey {
    /// A server that takes longer is as good as away: a run looks for another after a tenth of its term.
    private static let patienceMilliseconds: Int64 = 3000

    /// As a run for its host's own name.
    private static let longestForNames = Duration.seconds(10)

    static func ask(_ settings: Configuration) -> [ServerSight] {
        let timeout = Int32(clamping: settings.sessionTimeoutSeconds * 1000)
        var rows: [(entry: String, name: String, address: Address?, exchanges: [Exchange])] = []
        var unanswered: Set<String> = []
        // A name server that hangs takes as long for all as for one.
        let found = attempts(
            atMost: min(settings.connectTimeout.duration ?? longestForNames, longestForNames),
            settings.entries.map { server in { Address.resolve(server, flags: 0) } })
        for (server, addresses) in zip(settings.zkhosts, found) {
            let name = server.text
            guard let addresses else {
                unanswered.insert(name)
                rows.append((name, name, nil, []))
                continue
            }
            if addresses.isEmpty { rows.append((name, name, nil, [])) }
            for address in addresses {
                let exchanges = ["srvr", "conf", "mntr"].map { Exchange(.word($0), to: address) }
                rows.append(
                    (
                        name, addresses.count > 1 ? "\(name) (\(address.label))" : name, address,
                        exchanges + [
                            Exchange(.session(timeoutMilliseconds: timeout, path: settings.prefix), to: address)
                        ]
                    ))
            }
        }
        Exchange.perform(rows.flatMap(\.exchanges), patienceMilliseconds: patienceMilliseconds)
        let doubtful = rows.filter { $0.exchanges.last?.wasHungUpOn ?? false }.compactMap(\.address)
            .filter { !$0.isEncrypted }
        let speakers = Probe.speakersOfTLS(among: doubtful)
        return rows.map { row in
            guard row.exchanges.isEmpty else {
                let speaksTLS = row.address.map(speakers.contains) ?? false
                return sight(row.entry, row.name, row.exchanges, speaksTLS: speaksTLS)
            }
            let what = unanswered.contains(row.name) ? "the name service does not answer" : "the name does not resolve"
            return ServerSight(name: row.name, unreachable: "\(what); correct zkhosts, or the name service")
        }
    }

    private static func sight(
        _ entry: String, _ name: String, _ exchanges: [Exchange], speaksTLS: Bool
    ) -> ServerSight {
        ServerSight(
            entry: entry, name: name, srvr: word(exchanges[0]), conf: word(exchanges[1]), mntr: word(exchanges[2]),
            handshake: speaksTLS ? .failed(TLSRecord.remedy) : handshake(exchanges[3]),
            request: exchanges[3].requestOutcome,
            connectMilliseconds: exchanges[3].connectMilliseconds)
    }

    private static func word(_ exchange: Exchange) -> ServerSight.Word {
        switch exchange.outcome {
        case .answered(let bytes): ServerSight.Word(answer: bytes)
        case .failed(let why): .failed(why)
        }
    }

    private static func handshake(_ exchange: Exchange) -> ServerSight.Handshake {
        switch exchange.outcome {
        case .failed(let why): return .failed(why)
        case .answered(let bytes):
            guard let granted = Handshake.grantedMilliseconds(bytes) else {
                return .failed("does not answer a session's handshake as ZooKeeper does; is it a ZooKeeper server?")
            }
            return .granted(timeoutMilliseconds: granted, afterMilliseconds: exchange.answerMilliseconds)
        }
    }
}
