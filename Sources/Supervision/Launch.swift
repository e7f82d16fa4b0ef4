import CSupervision
package import Coordination
import Glibc
import POSIX

/// The way from one process to three: front, supervisor and guardian, before any thread exists.
@safe package struct Launch {
    private var plan = unsafe sw_plan()

    /// First of all in main: blocks all signals, and remembers what the caller had set, for the command.
    package init() { unsafe sw_save_signals(&plan) }

    /// Puts something on those of the standard descriptors that the caller has closed.
    package static func fillStandardDescriptors() { sw_fill_standard_descriptors() }

    /// From here on: no core file of this process and of those that it becomes, but of the command as the caller has set it.
    package static func forbidCoreFiles() { sw_core_forbid() }
    /// There are no credentials.
    package static func allowCoreFiles() { sw_core_restore() }

    /// The caller's mask again, for one who forks nothing.
    package mutating func restoreSignals() { unsafe sigprocmask(SIG_SETMASK, &plan.original_mask, nil) }

    /// Work that may have to wait, for a file or a name server, and that a signal may end: nothing has been begun.
    package mutating func interruptibly<Value, Failure>(
        _ work: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        unsafe sw_let_signals(&plan)
        defer { sw_hold_signals() }
        return try work()
    }

    /// Why a run cannot have as many files open as it may need; nil if it can.
    package static var descriptorTrouble: String? {
        let code = sw_descriptors_lacking()
        if code == 0 { return nil }
        if code != EMFILE {
            return "cannot open files: \(String(errno: code)); try again when this host has some to spare"
        }
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let needed = Int(SW_DESCRIPTORS_NEEDED)
        return
            "the limit of open files (ulimit -n) is \(limit.rlim_cur), too low: \(needed) are needed beside those that are "
            + "open already; raise it"
    }

    /// Forks; returns in the supervisor only. The original process becomes the front and never returns.
    ///
    /// - Parameter lostExitCode: the front's exit status when the supervisor dies.
    /// - Parameter unbegunExitCode: the same, if that was before any command was started.
    /// - Parameter cgroup: where the command's tree is to be held.
    /// - Parameter keptOutputBytes: how much of the command's output is kept; nil: it is the command's own.
    /// - Throws: in the original process, if nothing could be forked, or, in the supervisor, if that cannot work.
    package mutating func fork(
        command: [[UInt8]], descendants: Descendants, grace: Duration, lostExitCode: Int32, unbegunExitCode: Int32,
        lockname: String, cgroup: CgroupSetting, keptOutputBytes: Int?
    ) throws(LaunchFailure) -> Supervisor {
        // Never freed: they belong to three processes from here on.
        let argv = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: command.count + 1)
        for (index, word) in command.enumerated() { unsafe argv[index] = Self.copy(word) }
        unsafe argv[command.count] = nil
        unsafe plan.argv = UnsafePointer(argv)
        unsafe plan.lockname = UnsafePointer(Self.copy(Array(lockname.utf8)))
        unsafe plan.cgroup = UnsafePointer(Self.copy(Array(cgroup.text.utf8)))
        unsafe plan.captures_output = keptOutputBytes != nil
        unsafe plan.termination_ns = grace.nanoseconds
        unsafe plan.lost_exit_code = lostExitCode
        unsafe plan.unbegun_exit_code = unbegunExitCode
        unsafe plan.descendants =
            switch descendants {
            case .wait: SW_DESCENDANTS_WAIT
            case .kill: SW_DESCENDANTS_KILL
            case .leave: SW_DESCENDANTS_LEAVE
            }
        var supervision = sw_supervision()
        var refusal = sw_refusal()
        guard unsafe sw_start(&plan, &supervision, &refusal) == 0 else { throw LaunchFailure(refusal) }
        do {
            let loop = try EventLoop()
            var capture: OutputCapture?
            if let keptOutputBytes { capture = try OutputCapture(supervision, limit: keptOutputBytes, loop: loop) }
            return Supervisor(loop: loop, guardian: Guardian(supervision, loop: loop), capture: capture)
        } catch {
            // In the supervisor: the front has nothing to add.
            var message = sw_message()
            message.type = SW_EXIT
            message.number = unbegunExitCode
            unsafe sw_send(supervision.front_fd, &message, nil, 0)
            throw error
        }
    }

    private static func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let text = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (index, byte) in bytes.enumerated() { unsafe text[index] = CChar(bitPattern: byte) }
        unsafe text[bytes.count] = 0
        return unsafe text
    }
}

/// What the supervisor process works with: its loop, and its hold on the command.
package struct Supervisor: Sendable {
    package let loop: EventLoop
    package let guardian: Guardian
    /// Nil without `--keep-output`.
    package let capture: OutputCapture?
}
