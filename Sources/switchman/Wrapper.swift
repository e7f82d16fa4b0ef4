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
    private let sideHooks: SideHooks

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

    // MARK: What the user is told

    private func tellOfCgroup() {
        let finding = CgroupFinding.ofThisRun()
        // What somebody has asked for by name, and does not get.
        if case .folder(let path) = plan.cgroup, !finding.isMade, plan.descendants != .leave {
            log.warning("cgroup \(path) cannot be used: \(finding.text); the command's tree is found by walking /proc")
        } else if plan.verbosity == .verbose {
            log.info(
                finding.isMade
                    ? "the command's tree is held in the cgroup \(finding.text)"
                    : "the command's tree is found by walking /proc, without a cgroup: \(finding.text)")
        }
    }

    /// What is left for the grace when ownership is lost, if that is less than the user asked for.
    private func warnOfShortGrace() {
        guard plan.job.takesLock || !plan.job.leases.isEmpty else { return }
        let lifetime = plan.job.lifetime(session: plan.sessionTimeout)
        if case .tight(let grace) = lifetime.fit(grace: plan.grace) { log.info("\(grace.text)") }
    }

    private func tell(_ remark: Remark) {
        switch remark {
        case .started(let pid):
            log.debug("the command runs as process \(pid)")
            sideHooks.callStarted()
        case .ownershipLost(let why, _): log.warning("ownership lost: \(why); ending the command")
        case .groupUnreadable(let why): log.warning("cannot tell whether this host is still in the group: \(why)")
        case .stopping(let why): log.info("ending the command: \(why)")
        case .stopAsked(let who): log.info("the stop was asked for by \(who)")
        case .waitingForDescendants(let count):
            log.warning(
                """
                the command has exited, \(count) of its processes live on; waiting for them \
                (--descendants kill ends them, --descendants leave does not wait)
                """
            )
        case .takingOver(let why):
            let doing = supervisor.guardian.isDoing.map { " (it \($0))" } ?? ""
            log.warning("\(why)\(doing); killing the command")
        case .unkillable(let count):
            log.error(
                "\(count) processes of the command have not died of SIGKILL; keeping the lock and the leases until they have"
            )
        case .retrying(let code, let attempt, let pause):
            log.info("attempt \(attempt) ended with \(code); again in \(pause.components.seconds) s")
        case .noFurtherAttempt(let why): log.warning("ownership lost: \(why); there is no further attempt")
        case .beginningAnew(let pause):
            let when = pause == .zero ? "" : " in \(Self.seconds(pause))"
            log.info("the session has expired, and nothing was started; beginning anew\(when)")
        case .waitingOut(let host, let seconds):
            log.info(
                "the last holder, on \(Excerpt.of(host)), was lost; waiting for up to \(seconds) s until its command is surely dead"
            )
        case .heartbeatRefused(let why):
            log.warning("heartbeats are refused: \(why); unless that changes in time, the command will be ended")
        case .serversRolledBack:
            log.warning(
                "the servers have lost acknowledged transactions (restored from a copy, or started empty?) and refuse this session"
            )
        case .waitedOut(let lost): sideHooks.callLost(lost, exitCode: codes.code(for: Ended(outcome: .lost)))
        case .connectionLost(let server): log.info("the connection to \(server) is lost")
        case .connectionBack(let server, let after):
            log.info("connected to \(server), after \(Self.seconds(after)) without a connection")
        case .notReleased:
            log.info(
                "the release was not acknowledged; the next run may wait for up to \(plan.job.term.seconds) s")
        case .releaseRefused(let why):
            log.warning(
                """
                the release was refused: \(why); the lock goes with the session, \
                and whoever comes next may wait for up to \(plan.job.term.seconds) s
                """
            )
        case .runNotRemembered(let why): log.warning("this run is not in the history: \(why)")
        case .outputNotKept(let why): log.warning("the end of its output may not be kept (--keep-output): \(why)")
        case .treeLarge(let killing): log.warning("the command has many processes: \(killing.text)")
        case .treeTooLarge(let killing):
            log.warning("the command has too many processes: \(killing.text); ending it while the lock is still held")
        case .earlierRunLives(let processes):
            log.warning(
                """
                an earlier run's processes on this host (\(processes)) do not die of SIGKILL, or cannot be looked at; \
                the command is not started before they are dead
                """
            )
        }
    }

    private func notice(_ notice: Notice) {
        switch notice {
        case .lockWithoutRecord(let path, let holder):
            log.info(
                """
                \(path) is held by \(holder), which has left no record; if it runs the Perl original, set \
                \"mixed_fleet\": true in every configuration
                """
            )
        case .waitingForLock(let path): log.info("waiting for \(path), first in its queue")
        case .waitingForJobs(let why): log.info("waiting for a job of --after: \(why)")
        case .pausesUnknown(let why): log.info("cannot tell whether the job is paused: \(why)")
        case .waitingInLine(let path, let ahead): log.info("waiting for \(path), \(ahead) ahead in its queue")
        case .waitingForPermits(let lease, let ahead, let next):
            let permits = "\(lease.count) permit\(lease.count == 1 ? "" : "s")"
            let name = Excerpt.of(next, longest: Excerpt.longestName)
            log.info("waiting for \(permits) of \(lease.resource): \(ahead) ahead, the next is \(name)")
        case .waitingForNamesake(let path): log.info("waiting until another run of this job has left \(path)")
        case .sequenceHigh(let place):
            log.warning(
                "\(place): half of this queue's numbers are used up; run switchmanctl tidy when the queue is empty"
            )
        }
    }
}
