import Text

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

    /// Reads a word or a duration with its unit: `60m` and `1h` are the hour, `24h` and `1d` the day, `7d` is the week. One period
    /// is one value, and has one text in the records, however it was written.
    package init?(_ text: String) {
        switch text {
        case "hour": self = .hour
        case "day": self = .day
        case "week": self = .week
        case "month": self = .month
        default:
            // A number alone would be seconds here, and is hardly meant so.
            guard let last = text.utf8.last, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last),
                case .seconds(let seconds)? = DurationText.parse(text), let period = Self.lasting(seconds)
            else { return nil }
            self = period
        }
    }

    /// The period of this length; nil: the clock has none that begins at the same times each hour, day or week.
    private static func lasting(_ seconds: Int64) -> Period? {
        switch seconds {
        case 3600: .hour
        case daySeconds: .day
        case 7 * daySeconds: .week
        case 60..<3600 where seconds % 60 == 0 && 3600 % seconds == 0: .minutes(seconds / 60)
        case 3601..<daySeconds where seconds % 3600 == 0 && daySeconds % seconds == 0:
            .hours(seconds / 3600)
        default: nil
        }
    }

    private static let daySeconds: Int64 = 86_400

    /// What is accepted, for a message.
    package static let form =
        "hour, day, week, month, Nm (N divides 60), Nh (N divides 24), 1d or 7d, such as 15m or 6h"

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
        case .day: Self.daySeconds
        case .week: 7 * Self.daySeconds
        case .month: 28 * Self.daySeconds
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
