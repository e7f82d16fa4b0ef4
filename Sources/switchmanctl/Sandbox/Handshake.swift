/// The first frames of ZooKeeper's protocol: a session is asked for, granted, asked one question, and closed again.
enum Handshake {
    /// ConnectRequest: a new session, of a client that has seen nothing yet.
    static func request(timeoutMilliseconds: Int32) -> [UInt8] {
        let body =
            bytes(Int32(0)) + bytes(Int64(0)) + bytes(timeoutMilliseconds) + bytes(Int64(0)) + bytes(Int32(16))
            + [UInt8](repeating: 0, count: 16) + [0]
        return bytes(Int32(body.count)) + body
    }

    /// exists (3), without a watch: the first request of a session.
    static func exists(_ path: String) -> [UInt8] {
        let body = bytes(Int32(1)) + bytes(Int32(3)) + bytes(Int32(path.utf8.count)) + Array(path.utf8) + [0]
        return bytes(Int32(body.count)) + body
    }

    /// The code of the reply to it, 0 if the node exists; nil as long as the reply is not there.
    static func code(ofReply reply: [UInt8]) -> Int32? { integer(reply, at: 16) }

    /// closeSession (-11).
    static let close: [UInt8] = bytes(Int32(8)) + bytes(Int32(2)) + bytes(Int32(-11))

    static func isComplete(_ answer: [UInt8]) -> Bool {
        guard let length = integer(answer, at: 0) else { return false }
        return !lengths.contains(length) || answer.count >= 4 + Int(length)
    }

    /// What the server grants, in milliseconds; nil for an answer that is none.
    static func grantedMilliseconds(_ answer: [UInt8]) -> Int64? {
        guard let length = integer(answer, at: 0), lengths.contains(length), integer(answer, at: 4) == 0 else {
            return nil
        }
        return integer(answer, at: 8).flatMap { $0 > 0 ? Int64($0) : nil }
    }

    /// From ConnectResponse without its last byte, which old servers leave out, to more than any will ever have.
    private static let lengths: ClosedRange<Int32> = 36...1024

    private static func integer(_ bytes: [UInt8], at offset: Int) -> Int32? {
        guard bytes.count >= offset + 4 else { return nil }
        return Int32(bitPattern: bytes[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        var rest = number.bigEndian
        return unsafe withUnsafeBytes(of: &rest) { unsafe Array($0) }
    }
}
