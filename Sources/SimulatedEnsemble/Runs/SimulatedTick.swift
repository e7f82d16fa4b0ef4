import Coordination
import Recipes
import Text

/// A crontab line that fires every 20 s, so that a history has several ticks. The period that the run is told is longer: the clocks
/// of the machines are up to 15 s apart, and may be up to half of it.
extension Machine {
    /// Time of day, in milliseconds: that of the servers, but for this machine's error.
    var wallMilliseconds: Int64 { wallMilliseconds(at: world.now) }

    func wallMilliseconds(at time: Int64) -> Int64 { max(0, time / millisecond + Int64(number - 1) * 5000) }

    var oncePer: OncePer? {
        let wall = wallMilliseconds
        let start = TimeStamp(milliseconds: wall / Self.spacing * Self.spacing)
        return Tick(start.text.dropLast() + "+00:00").map {
            OncePer(
                period: .minutes(1), tick: $0, wallMilliseconds: wall,
                readAt: BootInstant(nanoseconds: boottime(at: world.now)))
        }
    }

    /// In milliseconds.
    private static let spacing: Int64 = 20_000
}
