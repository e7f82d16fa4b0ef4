/// No thread is to be had (pthread_create(3), EAGAIN) where somebody else's library needs one and asserts that it gets it.
package enum ThreadShortage {
    /// What to do about it.
    package static let remedy =
        "raise the limits of processes (ulimit -u, TasksMax=) and of memory (ulimit -v), or allow clone3 in this sandbox"
    package static let message = "cannot make a thread; \(remedy)"

    private static let lock = Lock()
    nonisolated(unsafe) private static var ending: (@Sendable () -> Void)?

    /// How this process ends then. If it returns, somebody else is to decide.
    package static func isMet(by body: @escaping @Sendable () -> Void) {
        lock.hold()
        unsafe ending = body
        lock.release()
    }

    /// False: nobody has said how.
    package static func happens() -> Bool {
        lock.hold()
        let body = unsafe ending
        lock.release()
        body?()
        return body != nil
    }
}
