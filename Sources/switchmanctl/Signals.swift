import CLinux
import Coordination
import Glibc
import Supervision

/// Signals to this process, as events of its loop: a verb that is interrupted closes its session first, so that nothing of
/// it (a request to stop, for one) stands in ZooKeeper until the session expires.
struct Signals {
    private static let caught = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH, SIGTSTP, SIGCONT]

    /// Before any thread is made: threads inherit the mask.
    static func block() {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in caught { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// From now on they arrive in the loop. What the caller had ignored (nohup) stays ignored.
    static func arrive(in loop: EventLoop) -> Bool {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in caught { unsafe sigaddset(&set, signal) }
        let descriptor = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        if descriptor < 0 { return false }
        loop.watch(descriptor) {
            var news = signalfd_siginfo()
            while unsafe read(descriptor, &news, MemoryLayout<signalfd_siginfo>.size) > 0 {
                loop.post(.signal(Int32(bitPattern: news.ssi_signo), fromTerminal: false))
            }
        }
        return true
    }

    /// As it would have been without us, so that a shell's loop around this program stops.
    static func die(of number: Int32) -> Never {
        signal(number, SIG_DFL)
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        exit(128 + number)
    }
}
