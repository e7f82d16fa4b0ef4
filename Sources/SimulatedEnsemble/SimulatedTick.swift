import Coordination
import Recipes

/// A crontab line that fires every 20 s, so that a history has several ticks. The period that the run is told is longer: the clocks
/// of the machines are up to 15 s apart, and may be up to half of it.
extension Machine {
    /// Time of day, in milliseconds: that of the servers, but for this machine's error.
    private var wallMilliseconds: Int64 { max(0, world.now / millisecond + Int64(number - 1) * 5000) }

    var oncePer: OncePer? {
        let wall = wallMilliseconds
        let seconds = wall / 1000 / Self.spacing * Self.spacing
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        // No history is as long as a day.
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map(padded).joined(separator: ":")
        return Tick("1970-01-01T\(time)+00:00").map {
            OncePer(
                period: .minutes(1), tick: $0, wallMilliseconds: wall,
                readAt: BootInstant(nanoseconds: boottime(at: world.now)))
        }
    }

    private static let spacing: Int64 = 20
}
