import Glibc

/// Standard error: under systemd, the journal. Few lines, and none for a request.
enum Log {
    static func say(_ message: String) {
        // One write for a line, so that lines do not mix.
        let line = Array("switchman-web: \(message)\n".utf8)
        unsafe line.withUnsafeBytes { bytes in _ = unsafe write(2, bytes.baseAddress!, bytes.count) }
    }
}
