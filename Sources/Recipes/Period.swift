/// `--once-per PERIOD`: for how long one start of a job is enough, by the face of the clock that the crontab goes by.
package enum Period: Sendable, Hashable {
    /// They begin at multiples of that many minutes past the hour; a divisor of 60.
    case minutes(Int64)
    case hour
    /// They begin at multiples of that many hours past midnight; a divisor of 24.
    case hours(Int64)
    case day
    /// From Monday on.
    case week
    case month

    package init?(_ text: String) {
        switch text {
        case "hour": self = .hour
        case "day": self = .day
        case "week": self = .week
        case "month": self = .month
        default:
            guard let unit = text.utf8.last, let number = DigitText.parse(text.utf8.dropLast()) else { return nil }
            switch unit {
            case UInt8(ascii: "m") where (1..<60).contains(number) && 60 % number == 0: self = .minutes(number)
            case UInt8(ascii: "h") where (2..<24).contains(number) && 24 % number == 0: self = .hours(number)
            default: return nil
            }
        }
    }

    /// What is accepted, for a message.
    package static let form = "hour, day, week, month, Nm (N divides 60) or Nh (N divides 24), such as 15m or 6h"

    package var text: String {
        switch self {
        case .minutes(let number): "\(number)m"
        case .hour: "hour"
        case .hours(let number): "\(number)h"
        case .day: "day"
        case .week: "week"
        case .month: "month"
        }
    }

    /// In seconds; of months the shortest, and no day is taken for one of 23 or 25 hours.
    package var seconds: Int64 {
        switch self {
        case .minutes(let number): number * 60
        case .hour: 3600
        case .hours(let number): number * 3600
        case .day: 86_400
        case .week: 7 * 86_400
        case .month: 28 * 86_400
        }
    }

    /// Then ticks are compared by their dates: one day is the same day in every time zone.
    package var isByDate: Bool {
        switch self {
        case .minutes, .hour, .hours: false
        case .day, .week, .month: true
        }
    }
}
