import Checks
import Run
import ZooKeeper

/// Asks every server of the configuration, each on its own and all at once, what `check` wants to know of it.
enum ServerSurvey {
    /// A server that takes longer is as good as away: a run looks for another after a tenth of its term.
    private static let patienceMilliseconds: Int64 = 3000

    static func ask(_ settings: Configuration) -> [ServerSight] {
        let timeout = Int32(clamping: settings.sessionTimeoutSeconds * 1000)
        var rows: [(entry: String, name: String, exchanges: [Exchange])] = []
        for server in settings.zkhosts {
            let name = "\(server.host):\(server.port)"
            let addresses = Address.resolve(Server(host: server.host, port: server.port), flags: 0)
            if addresses.isEmpty { rows.append((name, name, [])) }
            for address in addresses {
                let exchanges = ["srvr", "conf", "mntr"].map { Exchange(.word($0), to: address) }
                rows.append(
                    (
                        name, addresses.count > 1 ? "\(name) (\(address.label))" : name,
                        exchanges + [Exchange(.session(timeoutMilliseconds: timeout), to: address)]
                    ))
            }
        }
        Exchange.perform(rows.flatMap(\.exchanges), patienceMilliseconds: patienceMilliseconds)
        return rows.map(sight)
    }

    private static func sight(_ entry: String, _ name: String, _ exchanges: [Exchange]) -> ServerSight {
        guard exchanges.count == 4 else {
            return ServerSight(
                name: name, unreachable: "the name does not resolve; correct zkhosts, or the name service")
        }
        return ServerSight(
            entry: entry, name: name, srvr: word(exchanges[0]), conf: word(exchanges[1]), mntr: word(exchanges[2]),
            handshake: handshake(exchanges[3]), connectMilliseconds: exchanges[3].connectMilliseconds)
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
                return .failed("answers a session's handshake with something else; is it ZooKeeper?")
            }
            return .granted(timeoutMilliseconds: granted, afterMilliseconds: exchange.answerMilliseconds)
        }
    }
}
