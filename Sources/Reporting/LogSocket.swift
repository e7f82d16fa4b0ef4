import Glibc
package import Host

/// A local socket that takes one datagram for each line of the log. It never waits: what it does not take at once is dropped.
///
/// Not syslog(3), which waits for a daemon that does not read.
///
/// `@unchecked Sendable`: used by one thread at a time.
final class LogSocket: @unchecked Sendable {
    private let path: String
    private let descriptor: Int32

    init(path: String) {
        self.path = path
        let kind = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        descriptor = socket(AF_UNIX, Int32(kind), 0)
    }

    /// - Returns: nil, or the errno of what failed; it is tried again for each line.
    func connect() -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (index, byte) in path.utf8.prefix(room.count - 1).enumerated() { unsafe room[index] = byte }
        }
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return code == 0 ? nil : errno
    }

    func send(_ bytes: [UInt8]) {
        if sendOnce(bytes) || errno == EAGAIN { return }
        // The daemon has been started anew, or only now.
        if connect() == nil { _ = sendOnce(bytes) }
    }

    private func sendOnce(_ bytes: [UInt8]) -> Bool {
        unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) >= 0
    }
}

extension SyslogTarget {
    /// The errno with which a run would find nobody listening; nil: somebody is.
    package func objection() -> Int32? { LogSocket(path: path).connect() }
}
