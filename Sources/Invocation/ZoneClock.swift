import Glibc
package import Recipes

/// What the clock of a time zone shows, by the C library. Its zone is a global of the process: nothing else may run meanwhile.
package enum ZoneClock {
    /// What the zone's clock is ahead of UTC at an instant in seconds since the epoch, in seconds.
    ///
    /// - Parameter zone: as in TZ; nil is this process's. One that nobody knows is UTC, as to cron.
    package static func offset(at seconds: Int64, in zone: String?) -> Int64 {
        within(zone) {
            var (seconds, parts) = unsafe (time_t(seconds), tm())
            return unsafe localtime_r(&seconds, &parts) == nil ? 0 : Int64(parts.tm_gmtoff)
        }
    }

    /// The tick of `--once-per` for a run that begins at that instant; nil where there is no year of four digits.
    package static func tick(at seconds: Int64, of period: Period, in zone: String?) -> Tick? {
        within(zone) { TickClock(seconds: Int(seconds)).tick(of: period) }
    }

    /// - Parameter zone: nil changes nothing.
    static func within<Value>(_ zone: String?, _ body: () -> Value) -> Value {
        let before = unsafe getenv("TZ").map { unsafe String(cString: $0) }
        if let zone { unsafe setenv("TZ", zone, 1) }
        tzset()
        defer {
            if zone != nil {
                if let before { unsafe setenv("TZ", before, 1) } else { unsafe unsetenv("TZ") }
                tzset()
            }
        }
        return body()
    }
}
