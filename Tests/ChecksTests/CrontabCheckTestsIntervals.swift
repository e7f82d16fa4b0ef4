import Testing

@testable import Checks

extension CrontabCheckTests {
    // MARK: - Intervals

    @Test(
        arguments: [
            ("*/5 * * * *", 5), ("0 * * * *", 60), ("0,50 * * * *", 10), ("0 0 * * *", 1440), ("0 0,23 * * *", 60),
            ("0 0 * * 1", 7 * 1440), ("0 0 * * 1,3", 2 * 1440), ("0 0 1 * *", 28 * 1440), ("0 0 1,31 * *", 1440),
            ("0 0 1 * 1", nil), ("59 23,0 * * *", 60), ("0 0 * * 0,7", 7 * 1440),
        ] as [(String, Int?)])
    func knowsTheLeastGap(fields: String, minutes: Int?) throws {
        let schedule = try CrontabSchedule(fields: fields.split(separator: " ").map { Array($0.utf8) })
        #expect(schedule.leastGapMinutes == minutes)
    }

    @Test func warnsOfAnIntervalThatIsNotLessThanTheTimeBetweenTwoStarts() {
        let long = check("*/5 * * * * switchman --min-interval 5m a\n0 * * * * switchman --min-interval=2h b\n")
        #expect(long.findings.count == 2 && long.severity == .warning, "\(long.text)")
        #expect(
            long.text.contains("--min-interval of 5m 0s is not less than the 5m 0s between two starts"), "\(long.text)")
        #expect(
            check(
                "*/5 * * * * switchman --min-interval 4m a\n"
                    + "0 * * * * switchman --min-interval 21h --retry-failed a\n@reboot switchman --min-interval 9d b\n"
            ).findings == [])
    }

    // MARK: - Originals

    @Test(
        arguments: [
            ("* * * * * switchman --lease 'x=min(1,CPU):2' a\n", "does not know min()"),
            ("* * * * * switchman --lease 'x=1:ceil(CPU/2)' a\n", "does not know ceil()"),
            ("* * * * * switchman --lease x=TOTAL:2 a\n", "does not know TOTAL in COUNT"),
            ("* * * * * switchman --lease x=1 a\n", "needs a total"),
            ("* * * * * switchman --lease-wait 5m --lease x=1:2 a\n", "does not know the option --lease-wait"),
            ("* * * * * switchman -E 7 a\n", "does not know the option -E"),
        ] as [(String, String)])
    func warnsOfWhatTheOriginalDoesNotKnow(text: String, expected: String) {
        #expect(check(text).severity == .ok)
        let verdict = check(text, originals: true)
        #expect(verdict.severity == .warning)
        #expect(verdict.text.contains(expected), "\(verdict.text)")
    }

    @Test func knowsWhatTheOriginalKnows() {
        let text =
            "* * * * * switchman -c /x -g web --lockname b --lease 'x=max(1,int(CPU/2)):CPU>2?CPU:2' --nolock -- a --foo\n"
        #expect(check(text, originals: true).findings == [])
    }
}
