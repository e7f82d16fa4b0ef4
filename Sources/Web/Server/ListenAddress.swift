import NIOCore

/// An address of this host to listen at.
struct ListenAddress {
    let socket: SocketAddress

    /// Reads `127.0.0.1:8420` or `[::1]:8420`; nil for any other text. Names are left out: which address one has may change.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let number = text[text.index(after: colon)...]
        guard !number.isEmpty, number.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(number)
        else { return nil }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard host.contains(":") == isBracketed,
            let socket = try? SocketAddress(ipAddress: String(host), port: Int(port))
        else { return nil }
        self.socket = socket
    }

    var isLoopback: Bool { Self.isLoopback(socket) }

    static func isLoopback(_ socket: SocketAddress) -> Bool {
        socket.ipAddress.map { $0.hasPrefix("127.") || $0 == "::1" } ?? false
    }

    /// For a URL.
    static func text(_ socket: SocketAddress) -> String {
        let host = socket.ipAddress ?? "?"
        return (host.contains(":") ? "[\(host)]" : host) + ":\(socket.port ?? 0)"
    }
}
