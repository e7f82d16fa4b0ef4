/// As much of TLS as it takes to recognize a server that speaks it.
///
/// A server that expects TLS hangs up on a plain request without a word (ZooKeeper's Netty and OpenSSL do), as a server
/// without a quorum does. Only a ClientHello tells them apart.
package enum TLSRecord {
    /// A ClientHello of TLS 1.2 without extensions (RFC 5246, 7.4.1.2). A server of TLS 1.3 alone, or one that accepts none
    /// of these cipher suites, answers with an alert, which is proof enough.
    static let clientHello: [UInt8] = {
        let suites: [UInt8] = [0xC0, 0x2F, 0xC0, 0x2B, 0xC0, 0x30, 0xC0, 0x2C, 0x00, 0x9C, 0x00, 0x2F]
        let hello =
            [3, 3] + [UInt8](repeating: 0x73, count: 32)  // version, random
            + [0, 0, UInt8(suites.count)] + suites + [1, 0]  // no session, the suites, no compression
        let message = [1, 0, 0, UInt8(hello.count)] + hello
        return [22, 3, 1, 0, UInt8(message.count)] + message
    }()

    /// True for a record that begins with a ServerHello, and for an alert (RFC 8446, 4 and 5.1). An echo of the ClientHello is
    /// neither.
    package static func isAnswer(_ bytes: some Collection<UInt8>) -> Bool {
        let head = Array(bytes.prefix(6))
        return (head.count == 6 && head.starts(with: [22, 3]) && head[5] == 2)
            || (head.count >= 5 && head.starts(with: [21, 3]) && head[3...4].elementsEqual([0, 2]))
    }

    /// What to do about it, behind "HOST:PORT ", for people.
    package static let remedy =
        "expects TLS: set tls in the configuration, or name the server's plain port (clientPort in its zoo.cfg) in zkhosts"
}
