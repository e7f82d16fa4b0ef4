import Coordination
import Recipes
import Testing
import Text

@testable import Steering

@Suite struct JobHealthTests {
    private static let now: Int64 = 1_800_000_000_000

    private static func health(
        _ name: String = "job", _ runs: [PastRun] = [], state: JobRecord.State = .ended, ticked ago: Int64? = nil,
        period: Period = .hour, paused: Bool = false
    ) -> JobHealth {
        var record = JobRecord(session: "1", n: 1, term: 6, host: "h", pid: 1, runs: runs)
        record.state = state
        if let ago {
            record.ticks.started = Tick(
                String(TimeStamp(milliseconds: now - ago * 1000).text.dropLast()) + "+00:00")
            record.ticks.period = period
        }
        let lock = LockStatus(
            lockname: name, lock: nil, record: record, waiting: [], pauses: FleetPauses(jobs: paused ? [name] : []))
        return JobHealth(lock, nowMilliseconds: now)
    }

    private static func run(_ outcome: String, _ code: Int32? = nil, isSuccess: Bool? = nil) -> PastRun {
        PastRun(host: "h", started: 1, outcome: outcome, code: code, isSuccess: isSuccess)
    }

    @Test(
        arguments: [
            (run("ran", 0), "●"), (run("ran", 3), "✕"), (run("ran", 3, isSuccess: true), "●"), (run("released"), "▲"),
            (run("group-exit"), "▲"), (run("paused"), "▲"), (run("lost"), "◆"), (run("timeout"), "◆"),
            (run("signaled", 9), "◆"), (run("not-found"), "✕"),
        ] as [(PastRun, String)])
    func eachRunHasItsMark(run: PastRun, sign: String) {
        #expect(RunMark(run).sign == sign)
        #expect(Visible.width(RunMark(run).sign) == 1)
    }

    @Test func theNewestRunThatIsOverDecidesAndAStopIsNoFailure() {
        #expect(Self.health("a", [Self.run("ran", 0), Self.run("ran", 1)]).hasFailed)
        #expect(!Self.health("a", [Self.run("ran", 1), Self.run("ran", 0)]).hasFailed)
        #expect(!Self.health("a", [Self.run("ran", 1), Self.run("released")]).hasFailed)
        #expect(!Self.health().hasFailed)
    }

    @Test func lateIsAWholePeriodWithoutAStart() {
        #expect(!Self.health(ticked: 7199).isLate)
        #expect(!Self.health(ticked: 7200).isLate)
        #expect(Self.health(ticked: 7201).isLate)
        #expect(!Self.health(ticked: 7201, paused: true).isLate)
        #expect(!Self.health(ticked: 2 * 86_400 + 3600, period: .day).isLate)
        #expect(Self.health(ticked: 2 * 86_400 + 3601, period: .day).isLate)
        #expect(!Self.health(ticked: 62 * 86_400, period: .month).isLate)
        #expect(!Self.health().isLate)
    }

    @Test func lostFailedAndLateJobsComeFirst() {
        let jobs = [
            Self.health("b"), Self.health("a"), Self.health("c", paused: true), Self.health("d", ticked: 9000),
            Self.health("e", [Self.run("ran", 1)]), Self.health("f", state: .running),
        ]
        #expect(jobs.inOrderOfNeed.map(\.lock.lockname) == ["f", "e", "d", "c", "a", "b"])
        #expect(jobs.inOrderOfNeed.map(\.needsLook) == [true, true, true, false, false, false])
    }

    private static let contender = Contender(
        data: Array("h 1".utf8),
        stat: NodeStat(
            czxid: 1, mzxid: 1, ctimeMilliseconds: 0, mtimeMilliseconds: 0, version: 0, ephemeralOwner: 1))

    @Test func whatWaitsForPermitsComesBeforeWhatIsIdle() {
        func health(_ name: String, _ runs: [PastRun] = [], isQueued: Bool) -> JobHealth {
            var lock = Self.health(name, runs).lock
            if isQueued { lock.permitWaits = PermitWaits([(resource: "r", contender: Self.contender)]) }
            return JobHealth(lock, nowMilliseconds: .min)
        }
        let jobs = [
            health("a", isQueued: false), health("b", isQueued: true),
            health("c", [PastRun(host: "h", started: 5, outcome: "ran", code: 1)], isQueued: true),
        ]
        #expect(jobs.inOrderOfNeed.map(\.lock.lockname) == ["c", "b", "a"])
        #expect(jobs.map(\.rank) == [6, 3, 1])
        #expect(jobs.map(\.failedAt) == [nil, nil, 5])
        #expect(jobs.map(\.words) == ["free", "free, queued", "failed, queued"])
        // By no clock is anybody late.
        #expect(!JobHealth(Self.health(ticked: 9000).lock, nowMilliseconds: .min).isLate)
    }

    @Test func ofFailuresTheNewestComesFirst() {
        func failed(_ name: String, _ started: Int64?) -> JobHealth {
            Self.health(name, [PastRun(host: "h", started: started, outcome: "ran", code: 1)])
        }
        let jobs = [failed("a", 1000), failed("b", nil), failed("c", 3000), failed("d", 2000), failed("e", 3000)]
        #expect(jobs.inOrderOfNeed.map(\.lock.lockname) == ["c", "e", "d", "a", "b"])
        // Somebody's numbers.
        let odd = [failed("a", .min), failed("b", .max), failed("c", 0)]
        #expect(odd.inOrderOfNeed.map(\.lock.lockname) == ["b", "c", "a"])
    }

    @Test func ofMarksWithoutRoomTheNewestStay() {
        var table = Table([Table.Column("A"), Table.Column("RUNS", narrowest: 2)])
        table.rows = [["x", Table.Cell(marks: [.succeeded, .failed, .succeeded, .stopped, .brokenOff])]]
        #expect(table.lines(width: nil, colour: false)[1] == "x  ●✕●▲◆")
        #expect(table.lines(width: 7, colour: false)[1] == "x  ✕●▲◆")
        #expect(table.lines(width: 5, colour: true)[1] == "x  \u{1b}[33m▲\u{1b}[0m\u{1b}[31m◆\u{1b}[0m")
    }
}
