package import Coordination
import CZooKeeper
import POSIX

/// Requests submitted together, and the replies that have come so far.
///
/// `@unchecked Sendable`: filled in by `send` under the client's lock and by the single completion thread; `lock`
/// orders the two.
final class Burst: @unchecked Sendable {
    private let lock = Lock()
    private let requests: [Request]
    private let access: ClientAccess
    private let reply: @Sendable ([Reply]) -> Void
    private var replies: [Reply?]
    private var missing: Int

    init(_ requests: [Request], access: ClientAccess, reply: @escaping @Sendable ([Reply]) -> Void) {
        self.requests = requests
        self.access = access
        self.reply = reply
        replies = Array(repeating: nil, count: requests.count)
        missing = requests.count
    }

    func failAll(_ reason: Failure.Reason) {
        for index in requests.indices { fulfil(index, .failure(Failure(reason, path: requests[index].path))) }
    }

    func send(on handle: OpaquePointer) {
        for (index, request) in requests.enumerated() {
            let completion = Completion(of: self, index: index, request: request, access: access)
            let code = unsafe completion.send(on: handle)
            // Refused at once: no callback will come. Once a server has refused the credentials the library calls that an
            // invalid state, which is no end of the session.
            if code != Int32(ZOK.rawValue) {
                let isRefused = unsafe sw_state_auth_failed(zoo_state(handle)) != 0
                let code = isRefused ? Int32(ZAUTHFAILED.rawValue) : code
                fulfil(
                    index, .failure(Failure(code: code, path: request.path, attempt: access.attempt(request)))
                )
            }
        }
    }

    func fulfil(_ index: Int, _ answer: Reply) {
        lock.hold()
        replies[index] = answer
        missing -= 1
        let complete = missing == 0 ? replies.compactMap { $0 } : nil
        lock.release()
        if let complete { reply(complete) }
    }

    /// The server answers in order: then everything before it is answered too.
    var isAnswered: Bool {
        lock.hold()
        defer { lock.release() }
        return missing == 0
    }
}

extension Failure {
    package init(code: Int32, path: String, operation: Int? = nil, attempt: Attempt? = nil) {
        let reason: Reason =
            switch code {
            case Int32(ZNONODE.rawValue): .noNode
            case Int32(ZNODEEXISTS.rawValue): .nodeExists
            case Int32(ZBADVERSION.rawValue): .badVersion
            case Int32(ZNOAUTH.rawValue): .notAuthorized
            case Int32(ZCONNECTIONLOSS.rawValue), Int32(ZOPERATIONTIMEOUT.rawValue), Int32(ZSESSIONMOVED.rawValue),
                // A reply out of order: the client drops a server that sends one.
                Int32(ZRUNTIMEINCONSISTENCY.rawValue):
                .connectionLost
            case Int32(ZSESSIONEXPIRED.rawValue): .sessionExpired
            case Int32(ZINVALIDSTATE.rawValue), Int32(ZCLOSING.rawValue): .sessionExpired
            case Int32(ZAUTHFAILED.rawValue): .authenticationFailed
            default: .other(code)
            }
        self.init(reason, path: path, operation: operation, attempt: attempt)
    }
}

extension NodeStat {
    init(_ stat: CZooKeeper.Stat) {
        // Servers show twice the counter less the children there are (DataNode.copyStat), in 32 bits.
        let doubled = UInt32(bitPattern: stat.cversion) &+ UInt32(bitPattern: stat.numChildren)
        self.init(
            czxid: stat.czxid, mzxid: stat.mzxid, ctimeMilliseconds: stat.ctime, mtimeMilliseconds: stat.mtime,
            version: stat.version, ephemeralOwner: stat.ephemeralOwner, childrenMade: Int64(doubled / 2))
    }
}
