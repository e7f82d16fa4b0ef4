import CSupervision
package import Coordination
import Glibc

/// The supervisor's end of the socket pair to the guardian, and of the one to the front.
///
/// `@unchecked Sendable`: used by the event loop's thread only.
@safe package final class Guardian: CommandTree, @unchecked Sendable {
    private let loop: EventLoop
    private let guardianSocket: Int32
    private let frontSocket: Int32
    private let guardianProcess: pid_t
    private let frontProcess: pid_t
    package let beginning = Beginning()
    private var leader: pid_t = 0
    private var leaderReaped = false
    private var isGone = false
    private var frontIsToContinue = false
    private var takenOverAt: BootInstant?
    private var toldUnkillableAt: BootInstant?
    private var unsent: [sw_message] = []
    /// The newest signal that asked this run to end; SIGKILL for the caller's death.
    private var askedToEnd: (by: Int32, at: BootInstant)?
    private static let endingSignals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM]

    init(_ supervision: sw_supervision, loop: EventLoop) {
        self.loop = loop
        guardianSocket = supervision.guardian_fd
        frontSocket = supervision.front_fd
        guardianProcess = supervision.guardian
        frontProcess = supervision.front
        loop.watch(guardianSocket) { [unowned self] in readGuardian() }
        loop.watch(frontSocket) { [unowned self] in readFront() }
    }

    // MARK: CommandTree

    package func start(sequence: UInt64, schedule: Schedule, environment: [String], again: Bool) {
        (leader, leaderReaped) = (0, false)
        // Meant for the attempt before.
        unsent = []
        var block: [UInt8] = []
        for entry in environment { block += Array(entry.utf8) + [0] }
        sw_share_deadline(schedule.kill.nanoseconds)
        guard tellFrontOfBeginning() else { return loop.post(.tree(.failedToStart(errno: EAGAIN, inExec: false))) }
        var message = sw_message()
        message.type = SW_START
        message.seq = sequence
        message.flags = again ? UInt32(SW_KEEP_DESCRIPTORS) : 0
        message.term_at_ns = schedule.terminate.nanoseconds
        message.kill_at_ns = schedule.kill.nanoseconds
        message.sent_at_ns = loop.now.nanoseconds
        let code = unsafe sw_send(guardianSocket, &message, block, block.count)
        if code != 0, errno == EMSGSIZE { return loop.post(.tree(.failedToStart(errno: E2BIG, inExec: false))) }
        if code != 0, errno == EAGAIN { return loop.post(.tree(.failedToStart(errno: EAGAIN, inExec: false))) }
        // That it is gone may have been said to a session that was given up.
        if code != 0 { isGone ? loop.post(.tree(.guardianGone)) : lose() }
    }

    /// Before each start: should this process be killed, the front is not to say that nothing was started; and it sets its timer by
    /// the shared deadline. A front that is gone will be noticed.
    private func tellFrontOfBeginning() -> Bool {
        var message = sw_message()
        message.type = SW_BEGUN
        beginning.note()
        return unsafe sw_send(frontSocket, &message, nil, 0) == 0 || errno != EAGAIN
    }

    package func postpone(sequence: UInt64, schedule: Schedule) {
        var message = sw_message()
        message.type = SW_DEADLINE
        message.seq = sequence
        message.term_at_ns = schedule.terminate.nanoseconds
        message.kill_at_ns = schedule.kill.nanoseconds
        message.sent_at_ns = loop.now.nanoseconds
        sw_share_deadline(schedule.kill.nanoseconds)
        send(message)
    }

    package func signal(_ signal: Int32, escalates: Bool) {
        var message = sw_message()
        message.type = SW_SIGNAL
        message.number = signal
        message.flags = escalates ? UInt32(SW_ESCALATE) : 0
        send(message)
    }

    package func end(limit: BootInstant) {
        var message = sw_message()
        message.type = SW_END
        message.kill_at_ns = limit.nanoseconds
        send(message)
    }

    package func kill() {
        var message = sw_message()
        message.type = SW_KILL
        send(message)
    }

    package func stopFront(signal: Int32, at: BootInstant) {
        var message = sw_message()
        message.type = SW_STOP
        message.number = signal
        message.term_at_ns = at.nanoseconds
        unsafe sw_send(frontSocket, &message, nil, 0)
        // No shell is behind a SIGSTOP, that would continue the front when all is over.
        frontIsToContinue = signal == SIGSTOP
    }

    package func continueFront() {
        frontIsToContinue = false
        Glibc.kill(frontProcess, SIGCONT)
    }

    /// Nothing runs: the guardian may go.
    package func dismiss() {
        var message = sw_message()
        message.type = SW_QUIT
        if !isGone { unsafe sw_send(guardianSocket, &message, nil, 0) }
    }

    /// After the dismissal: what is left of the run is this process. The front waits for its exit for some seconds at the most.
    package func leave(code: Int32, dieOf signal: Int32) {
        tellFront(code: code, dieOf: signal, isLast: true)
        sw_await_guardian(guardianProcess)
        sw_cgroup_remove()
    }

    /// What the front is to exit with, or the signal that it is to die of, once supervisor and guardian have exited.
    /// - Parameter isLast: nothing but the exit is left to do.
    package func tellFront(code: Int32, dieOf signal: Int32 = 0, isLast: Bool = false) {
        var message = sw_message()
        message.type = SW_EXIT
        message.number = code
        message.detail = signal
        message.flags = isLast ? UInt32(SW_LAST) : 0
        // The status is not to be lost with a moment in which the kernel has no memory.
        var tries = 100
        while unsafe sw_send(frontSocket, &message, nil, 0) != 0, errno == EAGAIN, tries > 0 {
            usleep(10_000)
            tries -= 1
        }
        if frontIsToContinue { continueFront() }
    }

    private func send(_ message: sw_message) {
        guard !isGone, takenOverAt == nil else { return }
        unsent.append(message)
        sendUnsent()
    }

    /// A socket that is full belongs to a guardian that does not read: the missing acknowledgement will tell. But with no memory
    /// for a message the guardian may be well, and what it is told to end has to end.
    private func sendUnsent() {
        while var message = unsent.first {
            guard unsafe sw_send(guardianSocket, &message, nil, 0) == 0 else {
                if errno != EAGAIN { return lose() }
                return loop.chore = { [unowned self] in
                    sendUnsent()
                    return 10
                }
            }
            unsent.removeFirst()
        }
        loop.chore = nil
    }

    // MARK: What the guardian says

    private func readGuardian() {
        var message = sw_message()
        while !isGone {
            switch unsafe sw_receive(guardianSocket, &message) {
            case 0: return
            case 1: report(message)
            default: lose()
            }
        }
    }

    private func lose() {
        guard !isGone else { return }
        isGone = true
        unsent = []
        loop.unwatch(guardianSocket)
        loop.post(.tree(.guardianGone))
    }

    private func report(_ message: sw_message) {
        // Once the supervisor kills the tree itself, only its own wait counts; but the guardian may have reaped the command.
        if takenOverAt != nil, message.type != SW_EXITED { return }
        switch message.type {
        case SW_ACK:
            let budget = KillingBudget(
                whole: .nanoseconds(message.budget_ns), bySize: .nanoseconds(message.term_at_ns),
                processes: Int(message.number))
            loop.post(.tree(.acknowledged(sequence: message.seq, budget: budget)))
        case SW_STARTED:
            leader = message.number
            loop.post(.tree(.started(pid: message.number)))
        case SW_EXEC_FAILED:
            loop.post(
                .tree(.failedToStart(errno: message.number, inExec: message.detail == Int32(SW_STAGE_EXEC.rawValue))))
        case SW_FORK_FAILED: loop.post(.tree(.failedToStart(errno: message.number, inExec: false)))
        case SW_REFUSED: loop.post(.tree(.refused(resisting: Int(message.number))))
        case SW_EXITED:
            if leaderReaped { return }
            leaderReaped = true
            loop.post(
                .tree(
                    .exited(
                        waitStatus: message.number, remaining: Int(message.detail),
                        ending: TreeReport.Ending(causes: message.causes))))
        case SW_STOPPED:
            loop.post(.tree(.stopped(signal: message.number, at: BootInstant(nanoseconds: message.term_at_ns))))
        case SW_CONTINUED: loop.post(.tree(.continued))
        case SW_ENDING: loop.post(.tree(.ending(TreeReport.Ending(causes: message.causes))))
        case SW_REAPED: loop.post(.tree(.reaped))
        case SW_UNKILLABLE: loop.post(.tree(.unkillable(Int(message.number))))
        default: break
        }
    }

    // MARK: Without the guardian

    /// Why it does not answer, as far as the kernel tells; nil: it is gone, or nothing is known.
    package var isDoing: String? { isGone ? nil : Doing.of(guardianProcess) }

    /// Kills the tree from here, beside a guardian that may do so as well, and the guardian at last: the supervisor is a subreaper
    /// too, so the orphans are its children.
    package func takeOver() {
        // It may have said the end already, while this process was stopped.
        readGuardian()
        takenOverAt = loop.now
        unsent = []
        loop.chore = { [unowned self] in killOn() }
    }

    /// Blocks for less than a heartbeat's period at a time. What resists for seconds is not worth a hundred walks of /proc
    /// a second.
    private func killOn() -> Int32 {
        let now = loop.now
        let isStubborn = (takenOverAt ?? now).duration(to: now) > .seconds(5)
        let until = isStubborn ? now : now.advanced(by: .milliseconds(200))
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        let left = unsafe sw_tree_take_over(
            until.nanoseconds,
            { context, process, status in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<Guardian>.fromOpaque(context).takeUnretainedValue().reaped(process, status)
            }, me)
        if left.alive == 0 {
            readGuardian()
            sw_share_end()
            loop.chore = nil
            isGone = true
            loop.unwatch(guardianSocket)
            loop.post(.tree(.reaped))
        } else if isStubborn, toldUnkillableAt.map({ now >= $0.advanced(by: .seconds(60)) }) ?? true {
            toldUnkillableAt = now
            loop.post(.tree(.unkillable(Int(left.alive))))
        }
        return isStubborn ? 250 : 20
    }

    private func reaped(_ process: pid_t, _ status: Int32) {
        guard process == leader, !leaderReaped else { return }
        leaderReaped = true
        loop.post(.tree(.exited(waitStatus: status, remaining: 0, ending: .requested)))
    }

    // MARK: What the front says

    package func askedToEnd(since instant: BootInstant) -> Int32? {
        askedToEnd.flatMap { $0.at >= instant ? $0.by : nil }
    }

    private func readFront() {
        var message = sw_message()
        while true {
            switch unsafe sw_receive(frontSocket, &message) {
            case 0: return
            case 1:
                if message.type == SW_SIGNAL {
                    if Self.endingSignals.contains(message.number) { askedToEnd = (message.number, loop.now) }
                    let fromTerminal = message.flags & UInt32(SW_FROM_TERMINAL) != 0
                    let isPlaced = message.flags & UInt32(SW_UNPLACED) == 0
                    loop.post(.signal(message.number, fromTerminal: fromTerminal, isPlaced: isPlaced))
                }
            default:
                askedToEnd = (SIGKILL, loop.now)
                loop.unwatch(frontSocket)
                return loop.post(.callerGone)
            }
        }
    }
}
