import Coordination
import Text

/// One ZooKeeper server.
package struct ServerAddress: Sendable, Equatable {
    /// A name or an address, an IPv6 address without its brackets.
    package let host: String
    package let port: UInt16

    /// ZooKeeper's own.
    package static let defaultPort: UInt16 = 2181

    package init(host: String, port: UInt16 = ServerAddress.defaultPort) {
        self.host = host
        self.port = port
    }

    /// As `zkhosts` has it.
    package var text: String { Server(host: host, port: port, encryption: nil).label }

    /// Reads `host:port,host:port/chroot`: the servers, and the chroot, which is empty or begins with a slash.
    static func parseList(_ text: String) throws(Objection) -> (servers: [ServerAddress], chroot: String) {
        let bytes = Array(text.utf8)
        let slash = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        var chroot = trimmed(bytes[slash...])
        if chroot.last == UInt8(ascii: "/") {
            chroot = chroot.dropLast()
        }
        let chrootText = String(decoding: chroot, as: UTF8.self)
        if !chroot.isEmpty, let objection = ZNodePath.objection(to: chrootText) {
            throw Objection(problem: "has a chroot \"\(Excerpt.of(chrootText))\" that \(objection)")
        }
        var servers: [ServerAddress] = []
        for part in bytes[..<slash].split(separator: UInt8(ascii: ",")) {
            // Empty entries are passed over, as the C library does: a comma at the end does no harm.
            let entry = trimmed(part)
            if !entry.isEmpty {
                servers.append(try parse(entry))
            }
        }
        guard !servers.isEmpty else { throw Objection(problem: "names no server; write host:port,host:port") }
        return (servers, chrootText)
    }

    private static func parse(_ entry: ArraySlice<UInt8>) throws(Objection) -> ServerAddress {
        let text = String(decoding: entry, as: UTF8.self)
        func fault(_ problem: String) -> Objection {
            Objection(problem: "has an entry \"\(Excerpt.of(text))\" \(problem)")
        }
        guard entry.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw fault("with a blank or control character in it; put commas between servers")
        }
        let host: ArraySlice<UInt8>
        let rest: ArraySlice<UInt8>
        if entry.first == UInt8(ascii: "[") {
            guard let closing = entry.firstIndex(of: UInt8(ascii: "]")) else {
                throw fault("without a closing bracket; write [address]:port")
            }
            host = entry[(entry.startIndex + 1)..<closing]
            rest = entry[(closing + 1)...]
        } else {
            let colon = entry.firstIndex(of: UInt8(ascii: ":")) ?? entry.endIndex
            host = entry[..<colon]
            rest = entry[colon...]
            if rest.dropFirst().contains(UInt8(ascii: ":")) {
                throw fault("with more than one colon; put an IPv6 address in brackets, as in [::1]:2181")
            }
        }
        guard !host.isEmpty else { throw fault("without a host; write host:port") }
        guard !host.contains(where: { "[]".utf8.contains($0) }) else {
            throw fault("with a stray bracket; write [address]:port")
        }
        let hostText = String(decoding: host, as: UTF8.self)
        if rest.isEmpty {
            return ServerAddress(host: hostText)
        }
        guard rest.first == UInt8(ascii: ":"), let number = DigitText.parse(rest.dropFirst()),
            let port = UInt16(exactly: number), port > 0
        else {
            throw fault("with a bad port; it must be a number from 1 to 65535")
        }
        return ServerAddress(host: hostText, port: port)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        var bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) {
            bytes = bytes.dropLast()
        }
        return bytes
    }
}
