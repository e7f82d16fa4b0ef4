/// What the recipes need of a ZooKeeper ensemble: the real client implements it, and so can a simulated one.
///
/// Everything goes through one call, `submit`, because the order of requests on one session is what the proofs lean on:
/// ZooKeeper answers the requests of a session in the order in which they were submitted, and a read never shows a state
/// older than an earlier reply (ZooKeeper Programmer's Guide, "Consistency Guarantees").
package protocol Ensemble: AnyObject, Sendable {
    /// The session, once the handshake is done; nil before.
    var session: Session? { get }

    /// Submits the requests in this order, with nothing of the same session between them, and calls `reply` once with
    /// one reply for each. Never blocks and never throws: what fails, fails as a reply.
    func submit(_ requests: [Request], reply: @escaping @Sendable ([Reply]) -> Void)

    /// Drops the connection (not the session), so that another server is tried: for a server that accepts requests
    /// and does not answer, which the C client alone notices only after two thirds of the session timeout. With a session on it and
    /// one address only, it is dropped if another server answers there. False: there is none to drop.
    @discardableResult func dropConnection() -> Bool

    /// The server that the newest connection was made to: for the log.
    var server: String? { get }

    /// What is wrong with the servers that were tried, if it is known: for the message of a wait that ran out. May ask them, for
    /// a second at the most.
    var complaint: String? { get }

    /// Ends the session, which deletes its ephemeral nodes, waiting for the answer at most as long as `cap`.
    func close(cap: Duration)
}

extension Ensemble {
    package var complaint: String? { nil }
    package var server: String? { nil }
}

/// A session as the server granted it.
package struct Session: Sendable, Equatable {
    package let id: Int64
    /// The negotiated timeout; it can change on every reconnect.
    package let timeout: Duration

    package init(id: Int64, timeout: Duration) {
        self.id = id
        self.timeout = timeout
    }

    package var text: String { SessionID(id).text }
}

/// One request. Writes are always a multi, also of one operation, so that there is one way to fail.
package enum Request: Sendable {
    case get(String, watch: Bool)
    case exists(String, watch: Bool)
    case children(String, watch: Bool)
    case multi([Operation])
    /// A node's access list.
    case accessList(String)
    /// Gives a node the access list of what this session creates; ZooKeeper has no such operation for a multi.
    case protect(String)

    /// What it is about; of a multi, what its first operation is.
    package var path: String {
        switch self {
        case .get(let path, _), .exists(let path, _), .children(let path, _), .accessList(let path), .protect(let path):
            path
        case .multi(let operations): operations.first?.path ?? ""
        }
    }
}

package enum Operation: Sendable, Equatable {
    case create(String, data: [UInt8], CreateMode)
    case set(String, data: [UInt8], version: Int32)
    /// Any version: what is deleted has a unique name, or stands behind a guard in the same multi.
    case delete(String)
    case check(String, version: Int32 = -1)

    package var path: String {
        switch self {
        case .create(let path, _, _), .set(let path, _, _), .delete(let path), .check(let path, _): path
        }
    }
}

package enum CreateMode: Sendable {
    case persistent
    case ephemeral
    case ephemeralSequential
}

package enum Response: Sendable {
    case node(data: [UInt8], NodeStat)
    case stat(NodeStat)
    case children([String])
    /// The path that each operation made, nil for those that make none.
    case committed([String?])
    case accessList([AccessEntry])
    case protected
}

package typealias Reply = Result<Response, Failure>

/// The part of a znode's stat that anything here looks at; times are the server's, in milliseconds since the epoch.
package struct NodeStat: Sendable, Equatable {
    package var czxid: Int64
    package var mzxid: Int64
    package var ctimeMilliseconds: Int64
    package var mtimeMilliseconds: Int64
    package var version: Int32
    /// 0: persistent.
    package var ephemeralOwner: Int64
    /// How many children were ever made in it: the number of the next sequential one.
    package var childrenMade: Int64

    package init(
        czxid: Int64, mzxid: Int64, ctimeMilliseconds: Int64, mtimeMilliseconds: Int64, version: Int32,
        ephemeralOwner: Int64, childrenMade: Int64 = 0
    ) {
        self.czxid = czxid
        self.mzxid = mzxid
        self.ctimeMilliseconds = ctimeMilliseconds
        self.mtimeMilliseconds = mtimeMilliseconds
        self.version = version
        self.ephemeralOwner = ephemeralOwner
        self.childrenMade = childrenMade
    }
}
