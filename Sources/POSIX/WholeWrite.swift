import Glibc

/// All of something to a descriptor, which may take it in pieces.
package enum WholeWrite {
    /// - Returns: 0, or the errno of what failed.
    package static func perform(_ text: String, to descriptor: Int32) -> Int32 {
        perform(Array(text.utf8), to: descriptor)
    }

    /// The same for bytes, which need not be text.
    package static func perform(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Somebody else has made it non-blocking.
                var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&writable, 1, -1)
            } else if count == 0 || errno != EINTR {
                return count == 0 ? EIO : errno
            }
        }
        return 0
    }
}
