import POSIX

/// Writes lines of the log in order, on a thread of its own while there are any: a file may hang (NFS, FUSE, a disk that is gone),
/// and the run's thread, which would wait with it, kills, reaps and gives back the lock.
///
/// `@unchecked Sendable`: every stored variable is behind `lock`.
final class LogThread: @unchecked Sendable {
    private let lock = Lock()
    private let write: (LogEntry) -> Void
    private var entries: [LogEntry] = []
    private var isWriting = false
    private var finished: Gate?
    /// What waits longer for a file that hangs is dropped.
    private static let entriesMax = 1000

    init(write: @escaping (LogEntry) -> Void) { self.write = write }

    func add(_ entry: LogEntry) {
        lock.hold()
        if entries.count < Self.entriesMax { entries.append(entry) }
        let hasThread = isWriting
        isWriting = true
        lock.release()
        if !hasThread { detach { [self] in writeAll() } }
    }

    private func writeAll() {
        while let entry = next() { write(entry) }
    }

    private func next() -> LogEntry? {
        lock.hold()
        defer { lock.release() }
        if !entries.isEmpty { return entries.removeFirst() }
        isWriting = false
        finished?.open()
        finished = nil
        return nil
    }

    /// Waits until all is written, for so long at the most; whether it is.
    func drain(atMost cap: Duration) -> Bool {
        lock.hold()
        let gate = isWriting ? Gate() : nil
        finished = gate
        lock.release()
        gate?.wait(atMost: cap)
        lock.hold()
        defer { lock.release() }
        return !isWriting
    }
}
