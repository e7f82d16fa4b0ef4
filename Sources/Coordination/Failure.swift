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

    package init(_ reason: Reason, path: String, operation: Int? = nil) {
        self.reason = reason
        self.path = path
        self.operation = operation
    }
}

extension Failure: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .noNode: "\(path) does not exist"
        case .nodeExists: "\(path) exists already"
        case .badVersion: "\(path) was changed by somebody else"
        case .notAuthorized: "no permission for \(path) (ACL)"
        case .connectionLost: "connection lost"
        case .sessionExpired: "session expired"
        case .authenticationFailed: "authentication failed"
        // ZSYSTEMERROR: nothing that a server has said.
        case .other(-1):
            "\(path): the ZooKeeper client met an error of this host; check its memory and its limits, such as ulimit -n"
        case .other(let code): "\(path): ZooKeeper error \(code)"
        }
    }
}
