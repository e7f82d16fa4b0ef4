import POSIX

/// Whether a command may have been started, for whoever asks from another thread.
package final class Beginning: Sendable {
    private let lock = Lock()
    nonisolated(unsafe) private var isNoted = false

    func note() {
        lock.hold()
        unsafe isNoted = true
        lock.release()
    }

    package var hasCome: Bool {
        lock.hold()
        defer { lock.release() }
        return unsafe isNoted
    }
}
