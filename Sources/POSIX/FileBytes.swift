import Glibc

/// The whole of a small file.
package enum FileBytes {
    package enum Failure: Error, Equatable {
        case missing
        case tooLong
        /// errno of what failed.
        case unreadable(Int32)
    }

    package static func read(_ path: String, longestBytes: Int) throws(Failure) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(errno)
        }
        defer { close(file) }
        return try read(from: file, longestBytes: longestBytes)
    }

    package static func read(from file: Int32, longestBytes: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(errno)
            }
            if count == 0 { return bytes }
            bytes += chunk.prefix(count)
            if bytes.count > longestBytes { throw .tooLong }
        }
    }
}
