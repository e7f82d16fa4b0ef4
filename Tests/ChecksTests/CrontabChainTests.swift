import Recipes
import Testing
import Text

@testable import Checks

@Suite struct CrontabChainTests {
    private func check(_ lines: String...) -> Verdict {
        var check = CrontabCheck(
            macros: Macros(fqdn: "h1.example.net", cpuCount: 4, memoryMB: 7977), servesOriginals: { _ in false },
            host: CrontabHost(folders: ["/usr/bin"]) { _ in true })
        check.add(Array((lines.joined(separator: "\n") + "\n").utf8), name: "tab", format: .user)
        return check.verdict()
    }

    private static let never = "never starts"
    private static let atOnce = "at the same minute"

    @Test(arguments: [
        ("0 5 * * * day", "0 4 * * * day", never), ("0 5 * * * day", "0 5 * * * day", atOnce),
        ("0 5 * * * day", "1 5 * * * day", nil), ("0 5 * * * day", "0 4,6 * * * day", nil),
        ("0 5,3 * * * day", "0 4 * * * day", nil), ("0 5 * * * day", "*/10 * * * * day", nil),
        ("*/10 * * * * day", "0 0 * * * day", atOnce), ("*/10 * * * * day", "5 0 * * * day", nil),
        // Any hour after that will do, by the longer of the two.
        ("0 5 * * * day", "0 * * * * hour", nil), ("0 23 * * * day", "30 * * * * hour", nil),
        ("30 23 * * * day", "0 * * * * hour", never), ("0 * * * * hour", "30 4 * * * day", nil),
        ("30 * * * * hour", "0 * * * * hour", never), ("0 * * * * hour", "30 * * * * hour", nil),
        ("30 1 * * * hour", "0 2 * * * hour", "same hour"), ("30 1 * * * hour", "45 1,2 * * * hour", nil),
        ("5-59/15 * * * * 15m", "*/15 * * * * 15m", never), ("*/15 * * * * 15m", "5-59/15 * * * * 15m", nil),
        ("30 11 * * * 6h", "30 12 * * * 6h", "same period of 6h"), ("30 11 * * * 6h", "45 11 * * * 6h", nil),
        // The tick of the 4h that begins at four o'clock is of the first 6h, and the run at six is of that.
        ("0 5 * * * 6h", "30 6 * * * 4h", nil), ("0 7 * * * 6h", "30 7 * * * 4h", "same period of 6h"),
        ("0 5 * * 1 day", "0 6 * * 2 day", "same day"), ("0 5 * * 1 week", "0 6 * * 2 week", nil),
        ("0 5 * * 0 week", "0 6 * * 1 week", never), ("0 5 1 * * month", "0 4 2 * * month", nil),
        ("0 5 2 * * month", "0 6 1 * * month", never), ("0 5 1 1 * month", "0 6 1 2 * month", "same month"),
        ("0 5 29 2 * day", "0 6 29 2 * day", nil), ("0 5 30 2 * day", "0 6 30 2 * day", "same day"),
        ("0 5 13 * 5 day", "0 6 13 * * day", nil), ("0 5 */13 * 5 day", "0 6 14 * * day", nil),
        // Nobody knows when these are due.
        ("@reboot - day", "0 4 * * * day", nil), ("0 5 * * * day", "@reboot - day", nil),
        ("0~30 5 * * * day", "0 4 * * * day", nil),
    ])
    func seesWhetherOnePeriodHasBoth(before: String, after: String, expected: String?) {
        func line(_ text: String, _ rest: String) -> String {
            var words = text.split(separator: " ").filter { $0 != "-" }
            let period = words.removeLast()
            return words.joined(separator: " ") + " switchman --once-per \(period) \(rest)"
        }
        let verdict = check(line(before, "p"), line(after, "--after p c"))
        let found = verdict.findings.filter { $0.message.hasPrefix("--after") }
        #expect(found.count == (expected == nil ? 0 : 1), "\(found)")
        if let expected { #expect(found.first?.message.contains(expected) == true, "\(found)") }
    }

    @Test func whoWaitsMayBeDueFirst() {
        func chain(_ options: String, _ before: String = "0 5 * * *") -> Bool {
            check("\(before) switchman --once-per day p", "0 4 * * * switchman --once-per day \(options) --after p c")
                .findings.contains { $0.message.hasPrefix("--after") }
        }
        #expect(chain(""))
        #expect(chain("--wait 59m"))
        #expect(!chain("--wait 60m"))
        #expect(!chain("--wait 30m --splay 30m"))
        #expect(!chain("--splay 1h"))
        #expect(!chain("--wait forever"))
        #expect(chain("", "0 4 * * *"))
        #expect(!chain("--wait 1s", "0 4 * * *"))
        // The day is another one by then.
        #expect(chain("--wait forever", "0 5 30 2 *"))
    }

    @Test func judgesNoTwoClocks() {
        func chain(_ first: String, _ second: String) -> Bool {
            check(
                first, "0 5 * * * switchman --once-per day p", second,
                "0 4 * * * switchman --once-per day --after p c"
            )
            .findings.contains { $0.message.hasPrefix("--after") }
        }
        #expect(chain("CRON_TZ=Europe/Berlin", "X=1"))
        #expect(!chain("X=1", "CRON_TZ=Europe/Berlin"))
        #expect(!chain("TZ=Asia/Tokyo", "X=1"))
    }

    @Test func withoutPeriodsOnlyARoundTooLateIsSaid() {
        func severity(_ before: String, _ after: String) -> Severity? {
            check("\(before) switchman p", "\(after) --after p c").findings
                .first { $0.message.hasPrefix("--after") }?.severity
        }
        #expect(severity("*/5 * * * *", "*/5 * * * * switchman") == .warning)
        #expect(severity("*/5 * * * *", "*/5 * * * * switchman --wait 1m") == nil)
        #expect(severity("*/5 * * * *", "*/10 * * * * switchman") == nil)
        #expect(severity("5 * * * *", "0 * * * * switchman") == .ok)
        #expect(severity("5 * * * *", "0 * * * * switchman --wait 5m") == nil)
        #expect(severity("30 * * * *", "0 * * * * switchman") == nil)
        #expect(severity("0 23 * * *", "0 1 * * * switchman") == nil)
        #expect(severity("0 5 * * *", "0 4 * * * switchman") == .ok)
        #expect(severity("0 5 * * 1", "0 4 * * * switchman") == nil)
    }

    @Test(arguments: [
        "0 3 * * * switchman --lockname p x; switchman --lockname c --after p y",
        "0 3 * * * switchman --once-per day --lockname p x && switchman --once-per day --lockname c --after p y",
        "0 3 * * * switchman --lockname p x\n0 3 * * * sleep 600; switchman --lockname c --after p y",
        "0 3 * * * switchman --once-per day --lockname p x\n"
            + "59 2 * * * sleep 120 && switchman --once-per day --lockname c --after p y",
        "0 3 * * * sleep 1; switchman --once-per day --lockname p x\n"
            + "0 3 * * * switchman --once-per day --lockname c --after p y",
    ])
    func knowsThatWhatStandsBeforeTakesItsTime(lines: String) {
        #expect(check(lines).findings.allSatisfy { !$0.message.hasPrefix("--after") })
    }

    /// Each pair of schedules that never meet is a walk over the dates of 28 years.
    @Test func manyLinesOfFewSchedulesAreFewWalks() {
        let lines = (0..<400).flatMap { number in
            [
                "0 0 30 2 * switchman --once-per day --lockname p x",
                "\(number % 2) 0 30 2 * switchman --once-per day --lockname c\(number) --after p y",
            ]
        }
        let found = check(lines.joined(separator: "\n")).findings.filter { $0.message.hasPrefix("--after") }
        #expect(found.count == 400)
    }

    @Test func aWalkTooManySaysNothing() {
        var meetings = CrontabMeetings()
        func due(_ minute: Int) throws -> CrontabDue {
            let fields = ["\(minute % 60)", "\(minute / 60)", "30", "2", "*"]
            let schedule = try CrontabSchedule(fields: fields.map { Array($0.utf8) })
            return CrontabDue(times: try #require(schedule.times), zone: nil, period: .day, patience: 0)
        }
        let other = try? due(0)
        let results = (1...310).map { minute in
            (try? due(minute)).flatMap { one in other.flatMap { meetings.best(of: one, with: [$0]) } }
        }
        #expect(results.prefix(300).allSatisfy { $0 == .apart } && results.suffix(10).allSatisfy { $0 == nil })
    }
}
