import Coordination
import Recipes
import Steering
import Testing
import Text

@testable import Checks

@Suite struct JobCheckTests {
    private static let now: Int64 = 1_800_000_000_000
    private static let hour: Int64 = 3_600_000

    private func run(_ hoursAgo: Int64, _ outcome: String = "ran", code: Int32? = 0, held: Int64 = 60_000) -> PastRun {
        PastRun(
            host: "h1", started: Self.now - hoursAgo * Self.hour - held, heldMilliseconds: held, outcome: outcome,
            code: code)
    }

    private func stat(_ hoursAgo: Int64, owner: Int64 = 0) -> NodeStat {
        NodeStat(
            czxid: 1, mzxid: 1, ctimeMilliseconds: Self.now - hoursAgo * Self.hour, mtimeMilliseconds: 0, version: 0,
            ephemeralOwner: owner)
    }

    private func record(_ state: JobRecord.State, _ runs: [PastRun], waiting: Bool = false) -> JobRecord {
        var record = JobRecord(session: "a", n: 1, term: 30, host: "h1", pid: 7, runs: runs)
        record.state = state
        record.isWaiting = waiting
        return record
    }

    /// The record was made 1,000 hours ago unless told otherwise.
    private func verdict(
        _ record: JobRecord?, created: Int64 = 1000, lock: (hoursAgo: Int64, session: Int64)? = nil,
        paused: Bool = false, note: PauseNote? = nil, dataError: String? = nil, line: [WaitingRun] = [],
        originals: Bool = false, warning: String? = nil, running: String? = nil
    ) throws -> Verdict {
        let check = JobCheck(
            within: try #require(JobCheck.Allowance("24h")), warning: warning.flatMap { JobCheck.Allowance($0) },
            running: running.flatMap { JobCheck.Allowance($0) })
        let pause = (note ?? (paused ? PauseNote() : nil)).map { JobSight.Pause(note: $0, isOfAll: !paused) }
        let holder = lock.map { Contender(data: Array("h2 9".utf8), stat: stat($0.hoursAgo, owner: $0.session)) }
        var sight = JobSight(
            lockname: "backup", recordPath: "/p/jobs/backup",
            record: record.map { .found($0, createdMilliseconds: stat(created).ctimeMilliseconds) } ?? .none,
            lock: holder, pause: pause, nowMilliseconds: Self.now, clock: .server, hasOriginals: originals,
            nearest: nil, dataError: dataError)
        sight.line = line
        return check.verdict(on: sight)
    }

    private func expect(
        _ verdict: Verdict, _ severity: Severity, _ state: String, _ mentions: String...,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(verdict.severity == severity, "\(verdict.text)", sourceLocation: location)
        #expect(verdict.facts["state"]?.string == state, "\(verdict.text)", sourceLocation: location)
        for mention in mentions { #expect(verdict.text.contains(mention), "\(verdict.text)", sourceLocation: location) }
        #expect(verdict.text.split(separator: "\n").count == 1, sourceLocation: location)
    }

    @Test func aFreshSuccessIsFine() throws {
        expect(try verdict(record(.ended, [run(2)])), .ok, "fresh", "OK: job: backup: last success 2h 0m ago on h1")
    }

    @Test func theEndOfARunCountsNotItsStart() throws {
        expect(try verdict(record(.ended, [run(1, held: 40 * Self.hour)])), .ok, "fresh")
    }

    @Test func nobodyStartsItAnyMore() throws {
        expect(
            try verdict(record(.ended, [run(30)])), .critical, "stale", "not started by anybody", "1d 6h ago",
            "longer ago than 24h")
        expect(
            try verdict(record(.ended, [run(30)]), originals: true), .critical, "stale",
            "an original's runs leave no record")
    }

    @Test func itWasNeverRun() throws {
        expect(try verdict(nil), .critical, "never-run", "never run: there is no /p/jobs/backup")
    }

    @Test func itFails() throws {
        let failing = [run(40), run(20, code: 3), run(1, "timeout", code: nil)]
        expect(
            try verdict(record(.ended, failing)), .critical, "failing",
            "the last 2 runs failed, the newest 1h 0m ago on h1 "
                + "(timeout)", "last success 1d 16h ago")
        expect(try verdict(record(.ended, [run(1, "signaled", code: 137)])), .critical, "failing", "signal 9")
        expect(try verdict(record(.ended, [run(1, code: 3)]), created: 2), .warning, "failing", "exit code 3")
    }

    @Test func aFailureAfterAFreshSuccessIsToldAndNoAlarm() throws {
        expect(try verdict(record(.ended, [run(5), run(1, code: 3)])), .ok, "fresh", "the last run failed")
    }

    @Test func anOperatorsStopIsNoFailure() throws {
        var stop = run(1, "released", code: nil)
        expect(
            try verdict(record(.ended, [stop]), created: 2), .warning, "stopped",
            "stopped: the last run was stopped 1h 0m ago on h1 (released); no success yet")
        stop.stoppedBy = "anna@ops1: it hangs"
        expect(
            try verdict(record(.ended, [run(30), stop])), .critical, "stopped", "(by anna@ops1: it hangs); last success"
        )
        expect(try verdict(record(.ended, [run(5), stop])), .ok, "fresh", "; the last run was stopped")
        expect(
            try verdict(record(.ended, [run(30), run(3, code: 2), stop])), .critical, "failing",
            "failing: the last run that was not stopped failed 3h 0m ago on h1 (exit code 2); the last run was stopped")
        expect(
            try verdict(record(.ended, [run(30), stop, run(3, code: 2), run(2, code: 2)])), .critical, "failing",
            "the last 2 runs that were not stopped failed, the newest 2h 0m ago on h1 (exit code 2); last success")
        for word in ["group-exit", "paused"] {
            expect(try verdict(record(.ended, [run(1, word, code: nil)])), .critical, "stopped", "on h1 (\(word))")
        }
    }

    @Test func aRunAfterAStopIsNeitherFailingNorForTheFirstTime() throws {
        let stopped = record(.running, [run(2, "released", code: nil)])
        let young = try verdict(stopped, created: 3, lock: (1, 10))
        expect(young, .ok, "first-run", "running on h2 (pid 9) for 1h 0m; the last run was stopped 2h 0m ago")
        // Nobody has done it for as long as it is known.
        expect(
            try verdict(stopped, lock: (1, 10)), .critical, "stopped", "stopped: the last run was stopped", "running on"
        )
        let late = record(.running, [run(60), run(30, "released", code: nil)])
        expect(try verdict(late, lock: (1, 10)), .critical, "stopped", "last success 2d 12h ago", "running on")
    }

    @Test func whoeverWaitsIsNamed() throws {
        func line(_ hoursAgo: Int64) throws -> [WaitingRun] {
            var lock = LockStatus(lockname: "backup", lock: nil, record: nil, waiting: [])
            let contender = Contender(data: Array("h3 8".utf8), stat: stat(hoursAgo, owner: 5))
            lock.permitWaits = PermitWaits([("r", contender), ("s", contender)])
            return lock.line
        }
        let wait = "a run on h3 (pid 8) has waited for permits of r, s for "
        expect(try verdict(nil, line: line(2)), .warning, "queued", "never run yet: \(wait)2h 0m")
        expect(try verdict(nil, line: line(30)), .critical, "queued", "never run yet: \(wait)1d 6h")
        expect(
            try verdict(record(.ended, [run(30)]), line: line(2)), .critical, "queued",
            "queued: \(wait)2h 0m; not started by anybody since: last success")
        expect(try verdict(record(.ended, [run(1, code: 3)]), line: line(0)), .critical, "failing", "; \(wait)0.0s")
        // Nothing waits for what is well.
        expect(try verdict(record(.ended, [run(1)]), line: line(0)), .ok, "fresh")
    }

    @Test func dataThatNoRunCanReadIsAWarningAtLeast() throws {
        expect(
            try verdict(record(.ended, [run(1)]), dataError: "the data of /p: x"), .warning, "fresh",
            "backup: the data of /p: x; until then nobody can tell whether the job is paused; last success")
        expect(
            try verdict(nil, dataError: "the data of /p: x"), .critical, "never-run",
            "/p/jobs/backup; the data of /p: x")
    }

    @Test func tenFailuresAreAnAlarmThoughAnEarlierSuccessMayBeForgotten() throws {
        let failures = (0..<10).map { _ in run(1, code: 1) }
        expect(try verdict(record(.ended, failures)), .critical, "failing", "no success among the last 10 runs")
    }

    @Test func oneFailureIsOneRun() throws {
        let verdict = try verdict(record(.ended, [run(1, code: 3)]))
        expect(
            verdict, .critical, "failing", "failing: the last run failed 1h 0m ago on h1 (exit code 3)",
            "no success yet, in one run")
    }

    @Test func itWasLost() throws {
        expect(try verdict(record(.running, [run(30)])), .critical, "lost", "lost: h1 (pid 7) vanished")
        expect(try verdict(record(.running, [run(2)])), .warning, "lost", "nobody has started it since")
        expect(
            try verdict(record(.ended, [run(30), run(2, "lost", code: nil)])), .critical, "lost", "lost: the last run")
    }

    @Test func aLongRunThatBeganInTimeIsFine() throws {
        let verdict = try verdict(record(.running, [run(30)]), lock: (20, 10))
        expect(verdict, .ok, "running", "running on h2 (pid 9) for 20h 0m", "last success 1d 6h ago")
        expect(try self.verdict(record(.running, [run(60)]), lock: (20, 10)), .critical, "stale", "started late")
    }

    @Test func itRunsTooLong() throws {
        expect(
            try verdict(record(.running, [run(30)]), lock: (25, 10)), .critical, "running-too-long", "longer than 24h")
        expect(
            try verdict(record(.running, [run(3)]), lock: (2, 10), running: "1h"), .critical, "running-too-long",
            "longer than 1h")
        expect(try verdict(record(.running, [run(30)]), lock: (25, 10), running: "48h"), .ok, "running")
    }

    @Test func theFirstRunIsFineUntilItTakesTooLong() throws {
        expect(try verdict(record(.running, []), created: 1, lock: (1, 10)), .ok, "first-run", "for the first time")
        expect(try verdict(record(.running, []), created: 30, lock: (30, 10)), .critical, "running-too-long")
    }

    @Test func itFailsAndRunsAgain() throws {
        expect(
            try verdict(record(.running, [run(2, code: 1)]), lock: (1, 10)), .critical, "failing",
            "failing: the last run failed",
            "running on h2")
    }

    @Test func itWaitsOutALostHolder() throws {
        expect(
            try verdict(record(.running, [run(3), run(2, "lost", code: nil)], waiting: true), lock: (0, 10)), .ok,
            "running",
            "waiting out a lost holder's term")
    }

    @Test func anOriginalHoldsIt() throws {
        expect(try verdict(nil, lock: (1, 99)), .unknown, "original", "h2 (pid 9) for 1h 0m, an original", "no record")
        expect(try verdict(record(.ended, [run(30)]), lock: (1, 99)), .unknown, "original", "last success 1d 6h ago")
        expect(try verdict(record(.ended, [run(3)]), lock: (1, 99)), .ok, "running")
        expect(try verdict(nil, lock: (25, 99)), .critical, "running-too-long")
        expect(try verdict(record(.running, [run(30)]), lock: (1, 99)), .unknown, "original")
    }

    @Test func aLockWhoseRecordHasEndedIsAboutToGo() throws {
        expect(try verdict(record(.ended, [run(0)]), lock: (30, 10)), .ok, "fresh")
    }

    @Test func aPausedJobIsAWarningThatSaysSo() throws {
        expect(
            try verdict(record(.ended, [run(2)]), paused: true), .warning, "paused", "paused", "last success 2h 0m ago")
        expect(try verdict(record(.ended, [run(99)]), paused: true), .warning, "paused", "not started by anybody since")
        expect(try verdict(nil, paused: true), .warning, "paused", "never run")
        let note = PauseNote(until: TimeStamp("2038-01-01T00:00:00Z"), why: "w")
        expect(
            try verdict(record(.ended, [run(2)]), paused: true, note: note), .warning, "paused",
            "backup: paused, and not started by anybody until 2038-01-01T00:00:00Z (w); last success")
        expect(
            try verdict(nil, note: note), .warning, "paused",
            "paused with all jobs, and not started by anybody until 2038")
        expect(try verdict(record(.running, []), lock: (25, 10), paused: true), .critical, "running-too-long")
    }

    @Test func aWarningComesBeforeTheAlarm() throws {
        expect(try verdict(record(.ended, [run(20)]), warning: "12h"), .warning, "fresh", "longer ago than 12h")
        expect(try verdict(record(.ended, [run(10)]), warning: "12h"), .ok, "fresh")
    }

    @Test func foreignNumbersTrapNothing() throws {
        for started in [Int64.min, -1, 0, Int64.max] {
            for held in [Int64.min, -1, 0, Int64.max] {
                let strange = PastRun(
                    host: "h\u{1b}", started: started, heldMilliseconds: held, outcome: "ran", code: 0)
                for state in [JobRecord.State.running, .ended] {
                    let odd = PastRun(host: "", started: nil, outcome: "signaled\u{7}", code: Int32.min)
                    for lock in [nil, (hoursAgo: Int64(1), session: Int64(10)), (hoursAgo: 1, session: 99)] {
                        let verdict = try verdict(record(state, [strange, odd]), lock: lock)
                        #expect(!verdict.text.contains("\u{1b}") && !verdict.text.contains("\u{7}"))
                    }
                }
            }
        }
    }

    @Test(arguments: ["", "0", "forever", "-1", "1.5h", "1h30m", "99999999999999999999d"])
    func takesNoOtherDurations(text: String) {
        #expect(JobCheck.Allowance(text) == nil)
    }
}
