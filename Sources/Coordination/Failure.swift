/// Why a request failed.
package struct Failure: Error, Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        case noNode
        case nodeExists
        case badVersion
        case notAuthorized
        /// The reply is lost: the request may or may not have been carried out.
        case connectionLost
        case sessionExpired
        case authenticationFailed
        /// Anything else, with the C client's code: never proof of anything.
        case other(Int32)
    }

    package let reason: Reason
    /// What was asked for; of a multi, the path of the first operation that failed.
    package let path: String
    /// Of a multi, the index of the first operation that failed.
    package let operation: Int?
    /// What was to be done, and as whom, where that is known: for the message of a missing permission.
    package let attempt: Attempt?

    package struct Attempt: Sendable, Equatable {
        package enum Verb: String, Sendable { case read, write, create, delete, protect }
        package let verb: Verb
        /// The schemes of the credentials that were shown.
        package let schemes: [String]

        package init(_ verb: Verb, schemes: [String]) {
            self.verb = verb
            self.schemes = schemes
        }
    }

    package init(_ reason: Reason, path: String, operation: Int? = nil, attempt: Attempt? = nil) {
        self.reason = reason
        self.path = path
        self.operation = operation
        self.attempt = attempt
    }
}

extension Failure {
    /// What failed, and why; not as whom, which is for the message only.
    package static func == (one: Failure, other: Failure) -> Bool {
        one.reason == other.reason && one.path == other.path && one.operation == other.operation
    }
}

extension Failure.Attempt {
    /// `create /p/locks/a by the access list of /p/locks; shown were digest credentials`
    fileprivate func text(_ path: String) -> String {
        let shown =
            schemes.isEmpty ? "no credentials were shown" : "shown were \(schemes.joined(separator: ", ")) credentials"
        switch verb {
        case .read, .write, .protect: return "\(verb) \(path) by its access list; \(shown)"
        // Whoever may create and delete is decided by the node above.
        case .create, .delete:
            let parent = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? ""
            return "\(verb) \(path) by the access list of \(parent.isEmpty ? "/" : parent); \(shown)"
        }
    }
}

extension Failure: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .noNode: "\(path) does not exist"
        case .nodeExists: "\(path) exists already"
        case .badVersion: "\(path) was changed by somebody else"
        case .notAuthorized: "no permission to \(attempt?.text(path) ?? "use \(path) by its access list")"
        case .connectionLost: "connection lost"
        case .sessionExpired: "session expired"
        case .authenticationFailed: "the servers refuse the credentials"
        // ZSYSTEMERROR: nothing that a server has said.
        case .other(-1):
            "\(path): the ZooKeeper client met an error of this host; check its memory and its limits, such as ulimit -n"
        case .other(let code): "\(path): \(Self.words[code] ?? "ZooKeeper error \(code)")"
        }
    }

    /// What the servers or the C client mean by a code that nothing here acts on (zookeeper.h, KeeperException.java).
    private static let words: [Int32: String] = [
        -2: "the servers say that they are inconsistent (-2)",
        -3: "the servers say that their data are inconsistent (-3)",
        -5: "the ZooKeeper client could not read or write a message (-5)",
        -6: "the servers do not know this operation (-6); are they older than 3.4?",
        -7: "the ZooKeeper client gave up waiting (-7)",
        -8: "the ZooKeeper client takes it for a wrong path or argument (-8)",
        -108: "it lies below an ephemeral node, which cannot have children (-108)",
        -111: "it has children (-111)",
        -114: "the servers take its access list for invalid (-114)",
        -118: "the session has moved to another server (-118)",
        -119: "the server has lost its quorum and only reads (-119)",
        -120:
            "the servers give local sessions, which can have no ephemeral nodes (-120); set localSessionsUpgradingEnabled=true",
        saslRequired: "the servers demand authentication by SASL (-124), which switchman does not have",
        -125: "the quota of a node above it is used up (-125); raise it (setquota)",
        -127: "the servers are too busy for this request (-127)",
    ]

    /// ZSESSIONCLOSEDREQUIRESASLAUTH.
    package static let saslRequired: Int32 = -124
}
