import Coordination
import Glibc
import Host
import Invocation
import POSIX
import Recipes
import Reporting
import Run
import Supervision
import Text
import ZooKeeper

/// The supervisor's part of a run: it lives the run's life, and tells the front how it ended.
struct Wrapper: Sendable {
    let plan: Plan
    let codes: ExitCode
    let supervisor: Supervisor
    let log: RunLog
    let sideHooks: SideHooks

    init(plan: Plan, codes: ExitCode, supervisor: Supervisor) {
        self.plan = plan
        self.codes = codes
        self.supervisor = supervisor
        let screenLevel: LogLevel =
            switch plan.verbosity {
            case .quiet: .error
            case .normal: .warning
            case .verbose: .info
            }
        log = RunLog(
            lockname: plan.job.lockname, host: plan.job.host, pid: plan.job.pid, format: plan.reports.format,
            screenLevel: screenLevel, level: plan.loglevel, logfile: plan.logfile, syslog: plan.reports.syslog)
        sideHooks = SideHooks(hooks: plan.reports.hooks, lockname: plan.job.lockname, log: log, loop: supervisor.loop)
        for warning in log.troubles + plan.warnings { log.warning(warning) }
    }

    func perform() {
        ThreadShortage.isMet { endForWantOfThreads() }
        warnOfShortGrace()
        tellOfCgroup()
        let ended = begins() ?? supervisor.loop.run({ await live() }) ?? Ended(outcome: .osError)
        log.drain()
        supervisor.guardian.leave(code: codes.code(for: ended), dieOf: codes.signalToDieOf(ended))
    }

    /// Where a command runs, it goes on.
    private func endForWantOfThreads() {
        if supervisor.guardian.beginning.hasCome { return }
        log.error("cannot make a thread; \(ThreadShortage.remedy); nothing was started")
        log.drain()
        tellFront(Ended(outcome: .osError))
        _exit(0)
    }

    /// Nil, or why nothing can be started.
    private func begins() -> Ended? {
        if plan.job.keptOutputBytes != nil, supervisor.capture.map({ !$0.hasOutput && !$0.hasErrors }) ?? true {
            log.info("nothing can be kept of its output (--keep-output): it goes to a terminal or a file")
        }
        guard let capture = supervisor.capture, !capture.begin() else { return nil }
        log.error("cannot make a thread for --keep-output; nothing was started")
        supervisor.guardian.dismiss()
        return Ended(outcome: .osError)
    }

    private func live() async -> Ended {
        let plan = plan
        let loop = supervisor.loop
        // What waits, owns something, or gives it back must not wait for a file.
        log.writeApart()
        if plan.splay > .zero, let interruption = await splay() {
            let ended = Ended(interruption)
            tellFront(ended)
            supervisor.guardian.dismiss()
            tell(ended, Life.Story())
            aftermath(of: ended, Life.Story()).perform()
            return ended
        }
        let life = Life(
            job: plan.job, grace: plan.grace, waitsForDescendants: plan.descendants == .wait, inbox: loop, clock: loop,
            commandTree: supervisor.guardian,
            connect: {
                Client(servers: plan.servers, sessionTimeout: plan.sessionTimeout, access: plan.access, inbox: loop)
            },
            environment: { [supervisor] start in
                supervisor.capture?.attempt(start.attempt)
                return start.environment(of: plan)
            }, tell: { tell($0) }, notice: { notice($0) },
            over: { tellFront($0) }, fill: { [supervisor] in $0.fill(from: supervisor.capture) })
        var ended = await life.perform()
        tellFront(ended)
        let flush = OutputFlush(plan: plan, supervisor: supervisor, log: log)
        // Mostly it is, and then it comes before our own lines.
        await flush.isDone(within: .milliseconds(100))
        tell(ended, life.story)
        // What is left on the servers goes with the session.
        if !life.isReleased || plan.job.mixedFleet { life.close() }
        log.drain()
        supervisor.guardian.dismiss()
        life.close()
        if let end = await flush.perform(after: ended, held: life.story.held) {
            ended = end
            tellFront(ended)
        }
        aftermath(of: ended, life.story).perform()
        return ended
    }

    /// As soon as it is known, and acted on once this process is gone: whatever may still go wrong, a release that is not answered
    /// or a log that hangs, the status is the command's.
    private func tellFront(_ ended: Ended) {
        supervisor.guardian.tellFront(code: codes.code(for: ended), dieOf: codes.signalToDieOf(ended))
    }

    private func aftermath(of ended: Ended, _ story: Life.Story) -> Aftermath {
        Aftermath(
            plan: plan, log: log, loop: supervisor.loop, sideHooks: sideHooks, ended: ended, story: story,
            isSkip: codes.isSkip(ended), exitCode: codes.code(for: ended), reason: reason(ended))
    }

    private func splay() async -> Interruption? {
        let delay = Splay.delay(below: plan.splay, host: plan.job.host, lockname: plan.job.lockname)
        log.debug("begins in \(delay.components.seconds) s (--splay)")
        do throws(Interruption) {
            try await Splay.wait(for: delay, inbox: supervisor.loop, clock: supervisor.loop)
            return nil
        } catch {
            return error
        }
    }
}
