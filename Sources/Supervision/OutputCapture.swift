import CSupervision
import Coordination
import Glibc
import POSIX
import Text

/// `--keep-output`: what the command writes goes through this process, and its end is remembered.
package final class OutputCapture: Sendable {
    private let output: OutputPump?
    private let errors: OutputPump?
    private let memory: Memory
    private var pumps: [OutputPump] { [output, errors].compactMap(\.self) }

    /// Whether standard error goes the same way as standard output.
    private let isJoined: Bool

    init(_ supervision: sw_supervision, limit: Int, loop: EventLoop) throws(LaunchFailure) {
        let memory = Memory(limit: limit)
        func pump(_ stream: sw_stream) throws(LaunchFailure) -> OutputPump? {
            if stream.from < 0 { return nil }
            return try unsafe OutputPump(
                from: stream.from, to: stream.to, show: { unsafe memory.take($0) }, news: { loop.post(.timer) })
        }
        output = try pump(supervision.output)
        errors = try pump(supervision.error_output)
        isJoined = supervision.output_is_joined
        self.memory = memory
    }

    /// False: there is no thread to be had, so the command would block.
    package func begin() -> Bool { pumps.allSatisfy { $0.begin() } }

    /// Before each start: what the attempts before have written comes before this one's.
    package func attempt(_ number: Int) {
        guard memory.isNew(number) else { return }
        for pump in pumps { pump.catchUp(isLast: false) }
        memory.mark("[switchman: attempt \(number)]")
    }

    /// Nothing of the command lives: what is in the pipes is all there is. Nobody waits for their end of file, since a process
    /// outside of the tree may hold them. Never blocks; twice does no harm.
    package func conclude() { for pump in pumps { pump.catchUp(isLast: true) } }

    /// The last bytes, and how many were written in all.
    package var content: (bytes: [UInt8], written: Int64) { memory.content }
    /// False: it is the command's own.
    package var hasOutput: Bool { output != nil }
    package var hasErrors: Bool { errors != nil || isJoined }

    /// How many bytes are still to be passed on; nil: there is nothing to wait for.
    package var heldBack: Int? {
        let counts = pumps.compactMap(\.heldBack)
        return counts.isEmpty ? nil : counts.reduce(0, +)
    }

    /// What could not be passed on, for a message, and why.
    package var failures: [(stream: String, errno: Int32)] {
        [(output, "standard output"), (errors, "standard error")].compactMap { pump, name in
            pump?.failure.map { (name, $0) }
        }
    }

    /// `@unchecked Sendable`: everything is behind `lock`.
    private final class Memory: @unchecked Sendable {
        private let lock = Lock()
        private var tail: OutputTail
        /// The newest attempt.
        private var attempt = 1

        init(limit: Int) { tail = OutputTail(limit: limit) }

        func take(_ bytes: UnsafeRawBufferPointer) {
            lock.hold()
            unsafe tail.take(bytes)
            lock.release()
        }

        /// Whether this is another attempt than the one before. One that was refused is asked for again.
        func isNew(_ attempt: Int) -> Bool {
            lock.hold()
            defer { lock.release() }
            defer { self.attempt = max(attempt, self.attempt) }
            return attempt > self.attempt
        }

        func mark(_ line: String) {
            lock.hold()
            tail.mark(line)
            lock.release()
        }

        var content: (bytes: [UInt8], written: Int64) {
            lock.hold()
            defer { lock.release() }
            return (tail.bytes, tail.written)
        }
    }
}
