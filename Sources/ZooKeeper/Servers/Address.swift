internal import CTLS
package import Coordination
import Glibc

/// A numeric address with its port. To one that is encrypted a connect goes by way of its stand-in: see CTLS.h.
package struct Address: Equatable {
    /// For the C client, which splits at the last colon and takes no brackets: `1.2.3.4:2181`, `::1:2181`.
    let text: String
    /// For people, and as `zkhosts` has it: `[::1]:2181`.
    package let label: String
    package let family: Int32
    package let bytes: [UInt8]
    /// The server whose certificate is asked for, as `zkhosts` has it; nil: the connection is plain.
    private let certified: String?

    package var isEncrypted: Bool { certified != nil }

    /// In the resolver's order; none if the name is unknown.
    package static func resolve(_ server: Server, flags: Int32) -> [Address] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = flags
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(server.host, String(server.port), &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var found: [Address] = []
        var entry = unsafe list
        while let info = unsafe entry {
            if let address = unsafe Address(server, info.pointee) { found.append(address) }
            unsafe entry = unsafe info.pointee.ai_next
        }
        return found
    }

    private init?(_ server: Server, _ info: addrinfo) {
        let raw = unsafe UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen))
        let real = unsafe Array(raw)
        guard let host = Self.host(of: real) else { return nil }
        label = Server(host: host, port: server.port, encryption: nil).label
        guard let encryption = server.encryption else {
            text = "\(host):\(server.port)"
            family = unsafe info.ai_family
            bytes = real
            certified = nil
            return
        }
        // Without one there is no address at all: nothing falls back to plain text.
        var standIn = sockaddr_in()
        guard
            unsafe sw_tls_stand_in(
                encryption.authorities, encryption.identity?.certificate, encryption.identity?.key,
                encryption.checksHostName, server.host, real, real.count, &standIn)
        else { return nil }
        family = AF_INET
        bytes = unsafe withUnsafeBytes(of: &standIn) { unsafe Array($0) }
        guard let standInHost = Self.host(of: bytes) else { return nil }
        text = "\(standInHost):\(UInt16(bigEndian: standIn.sin_port))"
        certified = server.label
    }

    private static func host(of bytes: [UInt8]) -> String? {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = unsafe bytes.withUnsafeBytes { raw -> Int32 in
            guard let base = raw.baseAddress else { return EAI_FAIL }
            return unsafe getnameinfo(
                base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count), &host, socklen_t(host.count), nil, 0,
                NI_NUMERICHOST)
        }
        return code == 0 ? String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Why the newest TLS handshake with it failed, as the end of a sentence; nil if it did not, or has been put right.
    package var complaint: String? { numberedComplaint?.text }

    private var numberedComplaint: (number: UInt, text: String)? {
        guard isEncrypted else { return nil }
        var text = [CChar](repeating: 0, count: SW_TLS_TEXT_BYTES)
        let number = unsafe sw_tls_complaint(bytes, bytes.count, &text)
        if number == 0 { return nil }
        return (number, String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// The newest of theirs, with the server's name.
    static func newestComplaint(of addresses: [Address]) -> String? {
        let all = addresses.compactMap { address in
            address.numberedComplaint.map { (address.certified ?? address.label, $0) }
        }
        return all.max { $0.1.number < $1.1.number }.map { "\($0.0): \($0.1.text)" }
    }
}
