import Text

/// What one server of the ensemble says when it is asked, each question on a connection of its own.
package struct ServerSight: Sendable {
    /// The answer to a four-letter word.
    package enum Word: Sendable {
        case answered(String)
        /// Not in the server's whitelist.
        case refused
        case failed(String)

        /// - Parameter bytes: what came until the server hung up.
        package init(answer bytes: [UInt8]) {
            let text = String(decoding: bytes, as: UTF8.self)
            self = text.contains("not in the whitelist") ? .refused : .answered(text)
        }

        var text: String? {
            if case .answered(let text) = self { text } else { nil }
        }
    }

    /// The answer to a session's handshake.
    package enum Handshake: Sendable {
        case granted(timeoutMilliseconds: Int64, afterMilliseconds: Int64)
        case failed(String)
    }

    /// The answer to the first request of a session that was granted.
    package enum Request: Sendable {
        case answered
        case failed(String)
    }

    /// As in the configuration.
    package let entry: String
    /// The same, with the address where a name has several.
    package let name: String
    package let srvr: Word
    package let conf: Word
    package let mntr: Word
    package let handshake: Handshake
    package let request: Request
    /// To a connection; nil if there was none.
    package let connectMilliseconds: Int64?

    package init(
        entry: String, name: String, srvr: Word, conf: Word, mntr: Word, handshake: Handshake,
        request: Request = .answered, connectMilliseconds: Int64?
    ) {
        self.entry = entry
        (self.name, self.srvr, self.conf, self.mntr) = (name, srvr, conf, mntr)
        (self.handshake, self.request, self.connectMilliseconds) = (handshake, request, connectMilliseconds)
    }

    /// One that cannot even be asked.
    package init(name: String, unreachable why: String) {
        self.init(
            entry: name, name: name, srvr: .failed(why), conf: .failed(why), mntr: .failed(why),
            handshake: .failed(why),
            connectMilliseconds: nil)
    }

    // MARK: - What the answers mean

    /// Why nobody can work with it; nil if one can.
    var fault: String? {
        if case .failed(let why) = handshake {
            if srvr.text?.contains("not currently serving requests") ?? false {
                return "is up but serves no client: it has no quorum"
            }
            return why
        }
        return nil
    }

    package var isServing: Bool { fault == nil }

    /// Why those who get a session from it get nothing else.
    var refusal: String? {
        if fault == nil, case .failed(let why) = request { why } else { nil }
    }

    var version: ServerVersion? {
        if let found = Self.value(of: "Zookeeper version:", in: srvr).flatMap({ ServerVersion($0) }) { return found }
        return Self.value(of: "zk_version", in: mntr).flatMap { ServerVersion($0) }
    }

    /// `leader`, `follower`, `observer`, `standalone`, `read-only`.
    var mode: String? { Self.value(of: "Mode:", in: srvr) ?? Self.value(of: "zk_server_state", in: mntr) }

    var tickMilliseconds: Int64? { Self.number("tickTime=", in: conf) }
    var leastSessionMilliseconds: Int64? { Self.number("minSessionTimeout=", in: conf) }
    var mostSessionMilliseconds: Int64? { Self.number("maxSessionTimeout=", in: conf) }
    var syncLimitTicks: Int64? { Self.number("syncLimit=", in: conf) }

    /// 0: as many as come.
    var mostConnectionsOfOneAddress: Int64? { Self.number("maxClientCnxns=", in: conf) }
    /// From whatever address.
    var connectionCount: Int64? { Self.number("zk_num_alive_connections", in: mntr) }

    /// The voters of its ensemble; nil if that cannot be seen.
    var voterCount: Int? {
        if let text = conf.text {
            let members = text.split(separator: "\n").filter { $0.hasPrefix("server.") && $0.contains("=") }
            if !members.isEmpty { return members.count { !$0.contains(":observer") } }
        }
        return Self.number("zk_quorum_size", in: mntr).flatMap { $0 > 0 ? Int(exactly: $0) : nil }
    }

    private static func value(of key: String, in word: Word) -> String? {
        for line in word.text?.split(whereSeparator: \.isNewline) ?? [] where line.utf8.starts(with: key.utf8) {
            let value = line.utf8.dropFirst(key.utf8.count).drop { $0 == 0x20 || $0 == 0x09 }
            return String(Substring(value))
        }
        return nil
    }

    private static func number(_ key: String, in word: Word) -> Int64? {
        value(of: key, in: word).flatMap { DigitText.parse($0) }
    }
}
