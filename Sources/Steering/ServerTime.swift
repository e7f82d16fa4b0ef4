import Glibc
import Text

/// A time by ZooKeeper's clock, in milliseconds since the epoch.
package struct ServerTime: Sendable, Equatable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// `2026-11-21T18:07:47.123Z` (RFC 3339), for programs; `?` beyond any calendar, since the numbers may be foreign.
    package var utc: String {
        var parts = unsafe tm()
        var seconds = time_t(split.seconds)
        guard unsafe gmtime_r(&seconds, &parts) != nil else { return "?" }
        return unsafe "\(Self.text(parts, between: "T")).\(DigitText.padded(split.rest, to: 3))Z"
    }

    /// `2026-11-21 19:07:47` where the reader is.
    package var local: String {
        var parts = unsafe tm()
        var seconds = time_t(split.seconds)
        guard unsafe localtime_r(&seconds, &parts) != nil else { return "?" }
        return unsafe Self.text(parts, between: " ")
    }

    /// The same for a sentence, which may be read beside a time of another zone: `2026-11-21 19:07:47 CET`.
    package var localWithZone: String {
        var parts = unsafe tm()
        var seconds = time_t(split.seconds)
        guard unsafe localtime_r(&seconds, &parts) != nil else { return "?" }
        let zone = unsafe parts.tm_zone.map { unsafe String(cString: $0) } ?? ""
        return unsafe Self.text(parts, between: " ") + (zone.isEmpty ? "" : " \(zone)")
    }

    private var split: (seconds: Int64, rest: Int64) {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        return rest < 0 ? (seconds - 1, rest + 1000) : (seconds, rest)
    }

    private static func text(_ parts: tm, between: String) -> String {
        let date = unsafe [Int64(parts.tm_year) + 1900, Int64(parts.tm_mon) + 1, Int64(parts.tm_mday)]
        let time = unsafe [Int64(parts.tm_hour), Int64(parts.tm_min), Int64(parts.tm_sec)]
        let day = date.dropFirst().map { "-" + DigitText.padded($0, to: 2) }.joined()
        return DigitText.padded(date[0], to: 4) + day + between
            + time.map { DigitText.padded($0, to: 2) }.joined(separator: ":")
    }

}

/// A length of time for people: the two largest units that are not zero.
package enum TimeText {
    package static func of(milliseconds: Int64) -> String {
        if milliseconds < 0 { return "?" }
        if milliseconds < 10_000 {
            let tenths = milliseconds / 100
            return "\(tenths / 10).\(tenths % 10)s"
        }
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(seconds % 60)s"
        case ..<86_400: return "\(seconds / 3600)h \(seconds / 60 % 60)m"
        default: return "\(seconds / 86_400)d \(seconds / 3600 % 24)h"
        }
    }
}
