import CSupervision
import Glibc
import POSIX

/// Why a process that is to wait for events, or to guard a command, cannot be had on this host.
package enum LaunchFailure: Error {
    /// No /proc to find a tree in.
    case noProc
    /// No process can adopt orphans: they would get away.
    case noSubreaper
    case systemCall(String, errno: Int32)

    init(_ refusal: sw_refusal) {
        switch refusal.need {
        case SW_NEEDS_PROC: self = .noProc
        case SW_NEEDS_SUBREAPER: self = .noSubreaper
        default: self = .systemCall(unsafe String(cString: sw_need_name(refusal.need)), errno: refusal.error)
        }
    }

    package var message: String {
        switch self {
        case .noProc:
            "/proc does not show this process; mount it for this PID namespace, or no command can be supervised"
        case .noSubreaper:
            "this process cannot become a subreaper (PR_SET_CHILD_SUBREAPER), so no command can be supervised; "
                + "allow it, or use Linux 3.4 or newer"
        case .systemCall(let name, let errno):
            "the system call \(name) failed: \(String(errno: errno))" + Self.remedy(errno)
        }
    }

    package static func remedy(_ errno: Int32) -> String {
        switch errno {
        // No kernel that is new enough answers so by itself.
        case EPERM, EACCES, ENOSYS: "; allow it in this sandbox (seccomp), or use a kernel that has it"
        case EAGAIN, ENOMEM: "; raise the limits of processes (ulimit -u, TasksMax=) and of memory (ulimit -v)"
        default: ""
        }
    }
}
