import Glibc
import Text

/// The instant of a log line, in this host's time zone.
@safe package struct LogTime {
    private let clock: timespec
    private let parts: tm

    static func now() -> LogTime {
        var clock = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &clock)
        return LogTime(clock)
    }

    init(_ clock: timespec) {
        self.clock = clock
        var parts = unsafe tm()
        var seconds = clock.tv_sec
        _ = unsafe localtime_r(&seconds, &parts)
        unsafe self.parts = unsafe parts
    }

    /// As the original writes it.
    var original: String { formatted("%Y-%m-%d %H:%M:%S") }

    /// As syslog's senders have always written it (RFC 3164).
    var syslog: String { formatted("%b %e %H:%M:%S") }

    /// - Parameter milliseconds: since the epoch. From a record: nil for a year that is not from 1970 to 9998.
    package static func rfc3339(milliseconds: Int64) -> String? {
        guard (0..<253_370_764_800_000).contains(milliseconds) else { return nil }
        return LogTime(timespec(tv_sec: time_t(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000))
            .rfc3339
    }

    /// RFC 3339, with milliseconds and the zone.
    var rfc3339: String {
        let minutes = unsafe parts.tm_gmtoff / 60
        let distance = abs(minutes)
        let sign = minutes < 0 ? "-" : "+"
        let zone = "\(sign)\(DigitText.padded(distance / 60, to: 2)):\(DigitText.padded(distance % 60, to: 2))"
        return "\(formatted("%Y-%m-%dT%H:%M:%S")).\(DigitText.padded(clock.tv_nsec / 1_000_000, to: 3))\(zone)"
    }

    /// In C's own locale, since nobody has set another.
    private func formatted(_ format: String) -> String {
        var parts = unsafe self.parts
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&text, text.count, format, &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
