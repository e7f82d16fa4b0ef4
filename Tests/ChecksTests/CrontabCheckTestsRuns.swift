import Coordination
import Recipes
import Steering
import Testing
import Text

@testable import Checks

extension CrontabCheckTests {
    /// `check runs` on fleets that are made up; the time is 2026-11-29 14:47 UTC, a Sunday.
    @Suite struct RunsCheckTests {
        private static let now: Int64 = 1_795_963_620_000

        private func milliseconds(_ text: String) throws -> Int64 {
            try #require(TimeStamp("2026-11-\(text):00Z")).milliseconds
        }

        private func record(started: String?, state: JobRecord.State = .ended) throws -> JobRecord {
            var record = JobRecord(session: "1f", n: 1, term: 30, host: "h2", pid: 77, runs: [])
            record.state = state
            let start = try started.map { try milliseconds($0) }
            if state == .running {
                record.started = start
            } else {
                record.runs = [PastRun(host: "h2", started: start, outcome: "ran", code: 3)]
            }
            return record
        }

        private func lock(
            _ record: JobRecord?, heldSince: String? = nil, session: Int64 = 0x1f, waiting: Bool = false
        ) throws -> LockStatus {
            func contender(_ since: String) throws -> Contender {
                let stat = NodeStat(
                    czxid: 1, mzxid: 1, ctimeMilliseconds: try milliseconds(since), mtimeMilliseconds: 0, version: 0,
                    ephemeralOwner: session)
                return Contender(data: Array("h3 9".utf8), stat: stat)
            }
            return LockStatus(
                lockname: "backup", lock: try heldSince.map { (try contender($0), 1) }, record: record,
                recordWritten: record == nil ? nil : try milliseconds("01T00:00"),
                waiting: waiting ? [try contender("29T05:00")] : [])
        }

        private func verdict(
            _ crontab: String, _ locks: [LockStatus] = [], data: String = "", grace: Int64 = 600,
            written: String? = nil,
            hasOriginals: Bool = false, offset: Int64 = 0
        ) throws -> Verdict {
            var check = RunsCheck(
                macros: Macros(fqdn: "h1", cpuCount: 1, memoryMB: 1), grace: grace,
                zones: CrontabZones(
                    offset: { _, zone in zone == nil ? 0 : offset },
                    tick: { seconds, _, _ in
                        Tick(String(TimeStamp(milliseconds: seconds / 86_400 * 86_400_000).text.dropLast()) + "+00:00")
                    }))
            check.add(
                CrontabFile(Array(crontab.utf8), format: .user), name: "tab",
                written: try written.map { try milliseconds($0) / 1000 })
            let fleet = try FleetData.parse(Array(data.utf8), nowMilliseconds: Self.now)
            let status = FleetStatus(prefix: "/p", fleet: fleet, locks: locks, resources: [])
            check.consult(config: nil) { _ in
                .read(status, nowMilliseconds: Self.now, clock: .server, hasOriginals: hasOriginals)
            }
            return check.verdict()
        }

        private static let nightly = "0 3 * * * switchman --lockname backup -- true\n"

        @Test(arguments: ["29T03:00", "29T02:59", "29T14:00"]) func aStartCovers(start: String) throws {
            let verdict = try verdict(Self.nightly, [lock(record(started: start))])
            #expect(verdict.text == "OK: runs: 0 of 1 line late, in 1 file\n")
        }

        @Test func nobodySince() throws {
            let verdict = try verdict(Self.nightly, [lock(record(started: "28T03:00"))])
            #expect(verdict.severity == .critical)
            #expect(
                verdict.findings.map(\.text) == ["tab:1: backup: due 2026-11-29 03:00, nobody since 2026-11-28 03:00"])
            #expect(verdict.facts["late"] == .integer(1))
        }

        @Test func beforeTheGraceIsOverTheDueBeforeCounts() throws {
            let crontab = "40 14 * * * switchman --lockname backup -- true\n"
            let locks = [try lock(record(started: "28T14:40"))]
            #expect(try verdict(crontab, locks, grace: 420).severity == .critical)
            #expect(try verdict(crontab, locks, grace: 421).severity == .ok)
            #expect(
                try verdict(crontab.replacing("switchman", with: "switchman --splay 15m"), locks, grace: 60).severity
                    == .ok
            )
        }

        /// Only while somebody waits.
        @Test func aWaitCounts() throws {
            let crontab = "40 14 * * * switchman --wait 1h --lockname backup -- true\n"
            let record = try record(started: "28T14:40")
            #expect(try verdict(crontab, [lock(record)], grace: 60).severity == .critical)
            #expect(try verdict(crontab, [lock(record, waiting: true)], grace: 60).severity == .ok)
            let waits = try verdict(
                Self.nightly.replacing("switchman", with: "switchman --wait 1h"),
                [lock(self.record(started: "28T03:00"), waiting: true)])
            #expect(waits.findings.first?.message.hasSuffix("; h3 waits for the lock since 2026-11-29 05:00") == true)
            #expect(
                try verdict(
                    Self.nightly.replacing("switchman", with: "switchman --wait forever"),
                    [lock(self.record(started: "28T03:00"), waiting: true)]
                ).severity == .ok)
        }

        @Test func whoHoldsItIsNamed() throws {
            let running = try record(started: "28T03:00", state: .running)
            let held = try verdict(Self.nightly, [lock(running, heldSince: "28T03:00")])
            #expect(held.severity == .critical)
            #expect(
                held.findings.first?.message.hasSuffix(
                    "nobody since 2026-11-28 03:00; held by h3 (pid 9) since 2026-11-28 03:00") == true)
            let original = try verdict(Self.nightly, [lock(nil, heldSince: "28T03:00", session: 5)])
            #expect(original.findings.first?.message.hasSuffix("held by h3 (pid 9) since 2026-11-28 03:00") == true)
            let lost = try verdict(Self.nightly, [lock(running)])
            #expect(lost.findings.first?.message.hasSuffix("; h2 (pid 77) vanished while running it") == true)
            #expect(try verdict(Self.nightly, [lock(running, heldSince: "29T03:01")]).severity == .ok)
            let persistent = try verdict(
                Self.nightly, [lock(record(started: "28T03:00"), heldSince: "28T04:00", session: 0)])
            #expect(persistent.findings.first?.message.contains("belongs to no session") == true)
        }

        @Test(arguments: [
            (#"{"paused": ["backup"]}"#, "is paused"), (#"{"all_paused": true}"#, "all jobs are paused"),
            (#"{"groups": {"web": ["h1"]}, "drained": ["h1"]}"#, "every host of group \"web\" is drained"),
        ]) func whatAnOperatorStoppedIsAWarning(data: String, reason: String) throws {
            let crontab = Self.nightly.replacing("switchman", with: "switchman -g web")
            let groups =
                data.contains("groups")
                ? data : data.replacing("{\"", with: #"{"groups": {"web": ["h1"]}, ""#, maxReplacements: 1)
            let late = try verdict(crontab, [lock(record(started: "28T03:00"))], data: groups)
            #expect(late.severity == .warning)
            #expect(late.findings.first?.message.contains("nobody since 2026-11-28 03:00; ") == true)
            #expect(late.findings.first?.message.contains(reason) == true)
            #expect(try verdict(crontab, [lock(record(started: "29T03:00"))], data: groups).severity == .ok)
        }

        @Test func aGroupThatIsNotThereIsTheReason() throws {
            let late = try verdict(
                Self.nightly.replacing("switchman", with: "switchman -g web"), [lock(record(started: "28T03:00"))],
                data: "{}")
            #expect(late.severity == .critical && late.text.contains("group \"web\" is not in the fleet's data"))
        }

        @Test func aTickCounts() throws {
            let crontab = Self.nightly.replacing("switchman", with: "switchman --once-per day")
            var record = try record(started: "29T03:00")
            // A run by hand, without the option, has no tick.
            #expect(try verdict(crontab, [lock(record)]).severity == .critical)
            for tick in ["2026-11-29T00:00:00+00:00", "2026-11-30T00:00:00+00:00"] {
                record.ticks.started = Tick(tick)
                #expect(try verdict(crontab, [lock(record)]).severity == .ok)
            }
            record.ticks.started = Tick("2026-11-28T00:00:00+00:00")
            #expect(try verdict(crontab, [lock(record)]).severity == .critical)
            record.ticks.done = Tick("2026-11-29T00:00:00+00:00")
            #expect(try verdict(crontab, [lock(record)]).severity == .ok)
            record.ticks.done = nil
            record.ticks.current = Tick("2026-11-29T00:00:00+00:00")
            #expect(try verdict(crontab, [lock(record)]).severity == .critical)
            record.state = .running
            #expect(try verdict(crontab, [lock(record, heldSince: "29T03:00")]).severity == .ok)
            record.isWaiting = true
            #expect(try verdict(crontab, [lock(record, heldSince: "29T03:00")]).severity == .critical)
        }

        @Test func aStartWithinTheIntervalBeforeCovers() throws {
            let crontab = Self.nightly.replacing("switchman", with: "switchman --min-interval 20h")
            #expect(try verdict(crontab, [lock(record(started: "28T07:00"))]).severity == .ok)
            #expect(try verdict(crontab, [lock(record(started: "28T06:59"))]).severity == .critical)
        }

        @Test func neverRun() throws {
            let late = try verdict(Self.nightly)
            #expect(late.severity == .critical)
            #expect(late.findings.map(\.message) == ["backup: due 2026-11-29 03:00, never run"])
            #expect(try verdict(Self.nightly, written: "29T02:59").severity == .critical)
            let new = try verdict(Self.nightly, written: "29T03:01")
            #expect(
                new.text
                    == "OK: runs: 0 of 1 line late, in 1 file (1 not checked)\n"
                    + "tab:1: note: backup is newer than its last due time\n"
            )
            #expect(
                try verdict(Self.nightly, [lock(record(started: "28T03:00"))], written: "29T03:01").severity
                    == .critical)
            #expect(try verdict(Self.nightly, hasOriginals: true).severity == .unknown)
            #expect(try verdict(Self.nightly, [lock(record(started: nil))]).text.contains("nobody has started it yet"))
        }

        @Test(arguments: [Int64.min, -1, Int64.max]) func aForeignTimeIsNoTrap(started: Int64) throws {
            var foreign = try record(started: nil)
            foreign.runs[0].started = started
            for line in [Self.nightly, "0 3 * * * switchman --once-per day --lockname backup -- true\n"] {
                _ = try verdict(line, [lock(foreign)], offset: 3600)
            }
        }

        @Test func ofAnOriginalAnOldRecordTellsNothing() throws {
            let old = try lock(record(started: "22T03:00"))
            #expect(try verdict(Self.nightly, [old]).severity == .critical)
            #expect(try verdict(Self.nightly, [old], hasOriginals: true).severity == .unknown)
        }

        @Test(arguments: ["0 3 * * * ssh h switchman -- backup\n", "0 3 * * * echo 'a; switchman -- backup\n"])
        func aLineThatCannotBeReadIsNotKeptQuiet(line: String) throws {
            #expect(try verdict(line).facts["unchecked"] == .integer(1))
        }

        @Test(arguments: [
            ("@reboot switchman a", "it is due at each boot"),
            ("0~30 3 * * * switchman a", "cron itself chooses its minute"),
            ("0 3 * * * [ -x /a ] && switchman a", "it runs on a condition"),
            ("0 3 * * * cd / && [ -x /a ] && cd /b && switchman a", "it runs on a condition"),
            ("0 3 * * * if [ -x /a ]; then switchman a; fi", "it runs on a condition"),
            ("0 3 * * * sh -c 'test -x /a && switchman a'", "it runs on a condition"),
            ("0 3 * * * [ -x /a ] || exit 0; switchman a", "it runs on a condition"),
            ("CRON_TZ=/tmp/fifo\n0 3 * * * switchman a", "its time zone is a file's name"),
            ("0 3 * * * switchman --lockname a-$(hostname) true", "its lockname is made by the shell"),
            ("0 3 * * * switchman --no-lock --lease r=1:1 a", "--no-lock leaves no record"),
            ("0 3 * * * switchman -c $CONF a", "its fleet is chosen by the shell"),
            ("0 3 * * * switchman --frobnicate a", "switchman does not take the line"),
        ]) func whatNobodyCanTellIsANote(line: String, reason: String) throws {
            let verdict = try verdict(line + "\n")
            #expect(verdict.severity == .ok)
            #expect(verdict.facts["unchecked"] == .integer(1))
            #expect(verdict.findings.first?.text.contains(": not checked, since ") == true)
            #expect(verdict.findings.first?.text.contains(reason) == true, "\(verdict.text)")
        }

        @Test(arguments: [
            "cd /srv && switchman backup", "A=1; switchman backup", "sleep 5; switchman backup | logger",
            "[ -x /a ]; switchman backup",
            "if true; then true; fi; switchman backup", "nice switchman backup", "switchman backup && echo done",
        ]) func theseAreCertain(command: String) throws {
            #expect(try verdict("0 3 * * * \(command)\n").severity == .critical, "\(command)")
        }

        @Test func onlyTheOuterOfTwoIsExpected() throws {
            let verdict = try verdict(
                "0 3 * * * switchman --lockname backup -- switchman --lockname inner -- true\n",
                [lock(record(started: "29T03:00"))])
            #expect(verdict.severity == .ok && verdict.facts["lines"] == .integer(1))
        }

        /// By CRON_TZ, which the line's times are shown in.
        @Test func theCrontabHasAZone() throws {
            let crontab = "CRON_TZ=Far/Away\n" + Self.nightly
            let locks = [try lock(record(started: "28T20:00"))]
            #expect(try verdict(crontab, locks, offset: 7 * 3600).severity == .ok)
            let late = try verdict(crontab, locks, offset: 6 * 3600)
            #expect(late.text.contains("due 2026-11-29 03:00 (Far/Away), nobody since 2026-11-29 02:00 (Far/Away)"))
        }

        @Test func aDueOfLongAgoIsANote() throws {
            let verdict = try verdict("0 3 1 1 * switchman backup\n")
            #expect(verdict.severity == .ok && verdict.text.contains("35 days"))
        }

        @Test func aFleetThatIsNotReachedIsUnknown() throws {
            var check = RunsCheck(
                macros: Macros(fqdn: "h1", cpuCount: 1, memoryMB: 1), grace: 0,
                zones: CrontabZones(offset: { _, _ in 0 }, tick: { _, _, _ in nil }))
            check.add(
                CrontabFile(Array((Self.nightly + "0 4 * * * switchman -c /other backup\n").utf8), format: .user),
                name: "tab", written: nil)
            var asked: [String?] = []
            check.consult(config: nil) { fleet in
                asked.append(fleet.config)
                return .failed(.unknown, "no server")
            }
            #expect(asked == [nil, "/other"])
            #expect(check.verdict().severity == .unknown && check.verdict().facts["unchecked"] == .integer(2))
        }

        @Test func aLineThatCronCannotReadIsAWarning() throws {
            #expect(try verdict("61 3 * * * switchman a\n").severity == .warning)
            #expect(try verdict("# nothing\n").text == "OK: runs: no switchman in 1 file\n")
        }
    }
}
