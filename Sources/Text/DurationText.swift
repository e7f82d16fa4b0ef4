/// How long something may take.
package enum Limit: Sendable, Equatable {
    case forever
    case seconds(Int64)
}

/// The one spelling of durations, on the command line and in the configuration.
package enum DurationText {
    /// What to tell somebody who wrote another.
    package static let form = "a number with s, m, h or d (30s, 5m), or forever"

    /// Reads `[0-9]+[smhd]?` (seconds without a unit) or `forever`; nil for anything else and for what does not fit.
    package static func parse(_ text: String) -> Limit? {
        if text == "forever" {
            return .forever
        }
        var digits = Array(text.utf8)[...]
        var secondsPerUnit: Int64 = 1
        switch digits.last {
        case UInt8(ascii: "s"): digits = digits.dropLast()
        case UInt8(ascii: "m"): (digits, secondsPerUnit) = (digits.dropLast(), 60)
        case UInt8(ascii: "h"): (digits, secondsPerUnit) = (digits.dropLast(), 3600)
        case UInt8(ascii: "d"): (digits, secondsPerUnit) = (digits.dropLast(), 86_400)
        default: break
        }
        guard let count = DigitText.parse(digits) else { return nil }
        let (seconds, overflows) = count.multipliedReportingOverflow(by: secondsPerUnit)
        return overflows ? nil : .seconds(seconds)
    }
}

extension Limit {
    /// Nil: for as long as it takes.
    package var duration: Duration? {
        switch self {
        case .forever: nil
        case .seconds(let seconds): .seconds(seconds)
        }
    }
}
