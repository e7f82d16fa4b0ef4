package import Recipes
import Text

/// What the clocks of time zones show. A zone is named as CRON_TZ names it; nil is this host's.
package struct CrontabZones {
    /// What a zone's clock is ahead of UTC at an instant, both in seconds.
    let offset: (Int64, String?) -> Int64
    /// The tick of `--once-per` for an instant in seconds since the epoch; nil where there is no year of four digits.
    let tick: (Int64, Period, String?) -> Tick?

    package init(offset: @escaping (Int64, String?) -> Int64, tick: @escaping (Int64, Period, String?) -> Tick?) {
        (self.offset, self.tick) = (offset, tick)
    }

    /// The zone by which cron goes, CRON_TZ of the crontab, and the one by which the run's tick goes: CRON_TZ of its
    /// environment, or else TZ.
    static func names(_ call: SwitchmanCall, _ entry: CrontabFile.Entry) -> (cron: String?, tick: String?) {
        func variable(_ name: String, _ environment: [[UInt8]: [UInt8]]) -> String? {
            environment[Array(name.utf8)].flatMap { $0.contains(0) ? nil : String(decoding: $0, as: UTF8.self) }
        }
        return (
            variable("CRON_TZ", entry.environment),
            variable("CRON_TZ", call.environment) ?? variable("TZ", call.environment)
        )
    }

    /// `2026-11-29 03:00`, with the zone if it is not this host's.
    ///
    /// Somebody's numbers: `?` beyond any calendar.
    func text(of seconds: Int64, in zone: String?) -> String {
        guard (0..<253_370_764_800).contains(seconds) else { return "?" }
        let face = String(TimeStamp(milliseconds: (seconds + offset(seconds, zone)) * 1000).text.prefix(16))
        return face.replacing("T", with: " ") + (zone.map { " (\(Excerpt.of($0)))" } ?? "")
    }
}
