/// The name of a lock: one component of a znode's path.
package struct LockName: Sendable, Equatable {
    package let text: String

    /// As the original has it.
    package static let longestBytes = 512

    /// Takes the bytes as they stand in argv, which need not be UTF-8.
    package init(bytes: [UInt8]) throws(LockNameError) {
        var objection = NodeName.objection(to: bytes, longestBytes: Self.longestBytes)
        if bytes == [UInt8(ascii: "0")] {
            // False in Perl: the original would quietly use the command's name, and the fleet would hold two locks.
            objection = "is \"0\""
        }
        if let objection {
            throw LockNameError(
                message: "lockname \"\(Excerpt.of(bytes))\" \(objection); choose another with --lockname")
        }
        text = String(decoding: bytes, as: UTF8.self)
    }
}

/// A lockname that cannot be one. One line that says why and what to do.
package struct LockNameError: Error, Equatable {
    package let message: String
}
