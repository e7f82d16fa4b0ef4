import Glibc

extension String {
    /// What the system calls an error: strerror(3).
    package init(errno: Int32) {
        self = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
    }
}
