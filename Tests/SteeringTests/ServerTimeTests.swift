import Steering
import Testing

@Suite struct ServerTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_795_284_467_123, "2026-11-21T18:07:47.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (.max, "?"), (.min, "?"),
        ] as [(Int64, String)])
    func timesAreWrittenAsInRFC3339(milliseconds: Int64, text: String) {
        let utc = ServerTime(milliseconds: milliseconds).utc
        // glibc has a year for 292 million years from now; what matters is that nothing traps.
        #expect(text == "?" ? !utc.isEmpty : utc == text)
    }

    @Test(
        arguments: [
            (0, "0.0s"), (1250, "1.2s"), (10_000, "10s"), (61_500, "1m 1s"), (3_725_000, "1h 2m"),
            (90_000_000, "1d 1h"),
            (-1, "?"),
        ] as [(Int64, String)])
    func lengthsAreForPeople(milliseconds: Int64, text: String) {
        #expect(TimeText.of(milliseconds: milliseconds) == text)
    }
}
