import Glibc
import POSIX

/// In the place of libc's: what a failed `assert` of the C client calls.
///
/// The library asserts things that a server decides (a reply to no request, for one), and Debian builds it with asserts.
/// Nothing from outside may end the process, so a thread of the library that ran into it goes to sleep instead. From then on the
/// server is one that never answers: a run that has not started anything gives up in time (but for one that waits in a queue, which
/// asks nothing), and a command that runs is ended by its deadline, as for any other loss of contact.
///
/// The run's own thread must not sleep: it is the one that listens to signals. There the process ends, and with it what it has
/// started. That a thread could be made is asserted too (`start_threads`): see `ThreadShortage`.
@_cdecl("__assert_fail")
public func assertFail(
    _ assertion: UnsafePointer<CChar>?, _ file: UnsafePointer<CChar>?, _ line: UInt32, _ function: UnsafePointer<CChar>?
) -> Never {
    if let assertion = unsafe assertion, unsafe strstr(assertion, "pthread_create") != nil, !ThreadShortage.happens() {
        let name = CommandLine.arguments.first?.split(separator: "/").last ?? "switchman"
        let complaint = Array("\(name): \(ThreadShortage.message)\n".utf8)
        _ = unsafe write(STDERR_FILENO, complaint, complaint.count)
        _exit(Assertion.osError)
    }
    guard let file = unsafe file, unsafe strstr(file, "zookeeper") != nil, !Assertion.isOnOwnThread else {
        let text = unsafe assertion.map { unsafe String(cString: $0) } ?? ""
        let complaint = Array("switchman: ZooKeeper's client library cannot go on: \(text)\n".utf8)
        _ = unsafe write(STDERR_FILENO, complaint, complaint.count)
        abort()
    }
    Assertion.note()
    while true { pause() }
}

/// Whether one has failed, and where none may.
enum Assertion {
    /// EX_OSERR of sysexits.h, the outcome os-error.
    static let osError: Int32 = 71

    private static let lock = Lock()
    nonisolated(unsafe) private static var ownThread: pthread_t?
    nonisolated(unsafe) private static var hasFailedOnce = false

    /// A thread of the library sleeps for good: nobody may wait for it.
    static var hasFailed: Bool { locked { unsafe hasFailedOnce } }

    static func note() { locked { unsafe hasFailedOnce = true } }

    /// The calling thread is the one that the run lives on.
    static func thisIsTheOwnThread() { locked { unsafe ownThread = pthread_self() } }

    static var isOnOwnThread: Bool {
        locked { unsafe ownThread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private static func locked<Value>(_ body: () -> Value) -> Value {
        lock.hold()
        defer { lock.release() }
        return body()
    }
}
