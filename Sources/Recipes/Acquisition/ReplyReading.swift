package import Coordination

/// What a reply says to a run.
extension Reply {
    package var isLost: Bool { failureReason == .connectionLost }

    package var isRefusedByServer: Bool {
        if case .failure(let failure) = self { failure.isRefusedByServer } else { false }
    }

    var isCommitted: Bool { if case .success(.committed) = self { true } else { false } }

    package var isThrottled: Bool {
        if case .failure(let failure) = self { failure.isThrottled } else { false }
    }

    /// Failed in a way that decides nothing: lost, or refused for the moment.
    package var isUnsettled: Bool {
        switch failureReason {
        case nil, .noNode?, .nodeExists?, .badVersion?: false
        default: true
        }
    }

    package var failureReason: Failure.Reason? {
        if case .failure(let failure) = self { failure.reason } else { nil }
    }

    /// The children, none of a node that does not exist.
    package func children() throws(Interruption) -> [String] {
        switch self {
        case .success(.children(let names)): return names
        case .failure(let failure) where failure.reason == .noNode: return []
        default: throw interruption
        }
    }

    /// The stat, nil of a node that does not exist.
    package func stat() throws(Interruption) -> NodeStat? {
        switch self {
        case .success(.stat(let stat)): return stat
        case .failure(let failure) where failure.reason == .noNode: return nil
        default: throw interruption
        }
    }

    /// The data and stat, nil of a node that does not exist.
    package func node() throws(Interruption) -> (data: [UInt8], stat: NodeStat)? {
        switch self {
        case .success(.node(let data, let stat)): return (data, stat)
        case .failure(let failure) where failure.reason == .noNode: return nil
        default: throw interruption
        }
    }

    /// The access list, nil of a node that does not exist.
    package func accessList() throws(Interruption) -> [AccessEntry]? {
        switch self {
        case .success(.accessList(let list)): return list
        case .failure(let failure) where failure.reason == .noNode: return nil
        default: throw interruption
        }
    }

    /// What to tell the user of a reply that nothing here expects.
    package var interruption: Interruption {
        guard case .failure(let failure) = self else { return .badData("ZooKeeper sent a reply of the wrong kind") }
        return failure.interruption
    }
}

extension NodeStat {
    /// A lock, a place or a lease that is no ephemeral node is nobody's, and nobody's end takes it away: tools that copy trees make
    /// such.
    func checkIsEphemeral(_ path: String) throws(Interruption) {
        if ephemeralOwner != 0 { return }
        throw .badData("\(path) is a persistent node, so it belongs to no session and stays for ever; delete it")
    }
}

extension Failure {
    /// The servers have answered, and would answer the same again: a missing permission, a quota.
    package var isRefusal: Bool {
        switch reason {
        case .notAuthorized: true
        case .other(let code): !Self.passing.contains(code)
        default: false
        }
    }

    /// The same, and not by the C client on this host, whose trouble may pass.
    package var isRefusedByServer: Bool {
        if case .other(let code) = reason, code > Self.ofServers { return false }
        return isRefusal
    }

    /// It was not carried out, since the server has too much to do: ZTHROTTLEDOP (ZOOKEEPER-3243).
    package var isThrottled: Bool { reason == .other(Self.throttled) }

    /// ZAUTHFAILED: a scheme that the servers do not have, or a credential that it refuses.
    package static let credentialsRefused = "the servers refuse the credentials: correct auth, in scheme and credential"

    /// ZNOTREADONLY, by a server that has lost its quorum.
    private static let passing: Set<Int32> = [-119, throttled]
    private static let throttled: Int32 = -127
    /// ZAPIERROR: what servers say is below it.
    private static let ofServers: Int32 = -100

    package var interruption: Interruption {
        switch reason {
        case .notAuthorized:
            .denied(
                "\(self); "
                    + (attempt?.schemes.isEmpty == false
                        ? "ask its owner to allow that identity, or correct auth"
                        : "set auth, or ask its owner for access"))
        case .authenticationFailed: .denied(Self.credentialsRefused)
        case .other(Self.saslRequired): .denied("\(self)")
        case .sessionExpired: .sessionExpired
        case .connectionLost: .unavailable("connection to ZooKeeper lost")
        case .other: isRefusal ? .refused("\(self)") : .unavailable("\(self)")
        case .noNode, .nodeExists, .badVersion: .badData("\(self)")
        }
    }
}
