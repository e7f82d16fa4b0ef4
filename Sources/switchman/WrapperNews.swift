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

/// What a run says while it goes on: nothing before a terminal, warnings to whoever reads standard error, the rest to its log.
extension Wrapper {
    func tellOfCgroup() {
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
    func warnOfShortGrace() {
        guard plan.job.takesLock || !plan.job.leases.isEmpty else { return }
        let lifetime = plan.job.lifetime(session: plan.sessionTimeout)
        if case .tight(let grace) = lifetime.fit(grace: plan.grace) { log.info("\(grace.text)") }
    }

    func tell(_ remark: Remark) {
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

    func notice(_ notice: Notice) {
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
