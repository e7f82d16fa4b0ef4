import CLinux
import Coordination
import Glibc
package import Supervision

/// Signals to this process, as events of its loop: a verb that is interrupted closes its session first, so that nothing of
/// it (a request to stop, for one) stands in ZooKeeper until the session expires.
package struct Signals {
    private static let caught = [SIGHUP, SIGINT, SIGQUIT, SIGTERM].filter { !isIgnored($0) }
    /// What else somebody who draws on the whole terminal must know.
    private static let ofTerminal = [SIGWINCH, SIGTSTP]

    private static func set(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        return set
    }

    /// What the caller has ignored (nohup) stays ignored: once blocked, it would arrive all the same.
    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }

    /// Before any thread is made: threads inherit the mask.
    ///
    /// - Returns: what was blocked before, signal N as bit N - 1: for children.
    @discardableResult
    package static func block(ofTerminal draws: Bool = false) -> UInt64 {
        var (set, former) = (set(caught + [SIGCHLD] + (draws ? ofTerminal : [])), sigset_t())
        unsafe pthread_sigmask(SIG_BLOCK, &set, &former)
        return (1...64).reduce(0) { unsafe sigismember(&former, $1) == 1 ? $0 | 1 << UInt64($1 - 1) : $0 }
    }

    /// The next of them, or of SIGCHLD, for who has no loop; nil if none came in time. One that a terminal sent is left out:
    /// it was for the whole process group.
    package static func next(within duration: Duration?) -> Int32? {
        var set = set(caught + [SIGCHLD])
        var news = unsafe siginfo_t()
        var patience = timespec(tv_sec: 0, tv_nsec: Int((duration ?? .zero).components.attoseconds / 1_000_000_000))
        let signal = unsafe duration == nil ? sigwaitinfo(&set, &news) : sigtimedwait(&set, &news, &patience)
        if unsafe signal < 0 || signal != SIGCHLD && news.si_code > 0 { return nil }
        return signal
    }

    /// From now on they arrive in the loop, and the terminal's, if they were blocked, at `terminal`.
    package static func arrive(in loop: EventLoop, terminal: ((Int32) -> Void)? = nil) -> Bool {
        var set = set(caught + (terminal == nil ? [] : ofTerminal))
        let descriptor = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        if descriptor < 0 { return false }
        loop.watch(descriptor) {
            var news = signalfd_siginfo()
            while unsafe read(descriptor, &news, MemoryLayout<signalfd_siginfo>.size) > 0 {
                let signal = Int32(bitPattern: news.ssi_signo)
                if ofTerminal.contains(signal) {
                    terminal?(signal)
                } else {
                    loop.post(.signal(signal, fromTerminal: false))
                }
            }
        }
        return true
    }

    /// For as long as `body` takes they do what they do to a program that says nothing of them.
    package static func heard(_ body: () -> Void) { heard(caught, body) }

    private static func heard(_ signals: [Int32], _ body: () -> Void) {
        var set = set(signals)
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
        body()
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// As by Ctrl-Z; returns when somebody has let the process go on.
    package static func stopHere() {
        raise(SIGTSTP)
        heard([SIGTSTP]) {}
    }

    /// As it would have been without us, so that a shell's loop around this program stops.
    package static func die(of number: Int32) -> Never {
        signal(number, SIG_DFL)
        var set = set([number])
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        exit(128 + number)
    }
}
