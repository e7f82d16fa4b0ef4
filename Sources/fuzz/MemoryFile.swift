import Glibc

/// A file in memory, of this process alone, which is opened by a path as any other.
struct MemoryFile {
    let path: String
    private let descriptor: Int32

    init() {
        var template = Array("/dev/shm/fuzz-XXXXXX".utf8CString)
        descriptor = unsafe mkstemp(&template)
        guard descriptor >= 0, unsafe unlink(template) == 0 else { fatalError("no file in memory: errno \(errno)") }
        path = "/proc/self/fd/\(descriptor)"
    }

    func write(_ bytes: [UInt8]) {
        let written = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard written == bytes.count, ftruncate(descriptor, written) == 0 else { fatalError("errno \(errno)") }
    }
}
