import Coordination
import Fleet
import Invocation
import Recipes
import Steering

/// `status --watch`: drawn anew when something has changed, which ZooKeeper's watches tell.
struct StatusWatch {
    let fleet: FleetConnection
    let only: String?

    /// Between two looks: of a tree that never rests and takes long to read, the server shall have half its time for others.
    private static let shortestRest = Duration.milliseconds(100)
    private static let longestRest = Duration.seconds(1)

    func perform() async throws {
        let display = Display(fleet.loop, fleet.news)
        fleet.suspend = { display.suspend() }
        display.show()
        defer {
            display.hide()
            fleet.suspend = nil
        }
        while !display.isToQuit {
            let (status, took) = try await look()
            let now = WallClock.milliseconds
            let end = nextMoment(of: status, now: now)
            display.draw(
                status.lines(
                    width: Screen.size?.columns, colour: Screen.hasColour, nowMilliseconds: now),
                footer: "\(fleet.layout.prefix) on \(fleet.settings.servers)   q: quit")
            try await fleet.talk.rest(
                until: fleet.talk.clock.now.advanced(by: min(max(took, Self.shortestRest), Self.longestRest)))
            try await fleet.talk.pause(until: end)
        }
    }

    /// The end of a pause, and that a job is late, are no events of ZooKeeper's.
    ///
    /// - Parameter now: by this host's clock, as the status was drawn.
    private func nextMoment(of status: FleetStatus, now: Int64) -> BootInstant? {
        let end = status.fleet.pauses.nextEnd.map { min(max(0, $0.milliseconds - now), Self.longestPause) }
        let late = status.nextLate(nowMilliseconds: now).map { $0 - now + 1 }
        return [end, late].compactMap(\.self).min().map { fleet.talk.clock.now.advanced(by: .milliseconds($0)) }
    }

    /// Clocks may be set.
    private static let longestPause: Int64 = 60_000

    /// The same for programs: a document for each change, a line each.
    func stream() async throws {
        var last: String?
        while true {
            let (status, took) = try await look()
            let text = status.worthShowing.json.plainText
            if text != last { Screen.print(text + "\n") }
            last = text
            let end = nextMoment(of: status, now: WallClock.milliseconds)
            try await fleet.talk.rest(
                until: fleet.talk.clock.now.advanced(by: min(max(took, Self.shortestRest), Self.longestRest)))
            try await fleet.talk.pause(until: end)
        }
    }

    private func look() async throws -> (FleetStatus, took: Duration) {
        let begun = fleet.talk.clock.now
        let status =
            if let only {
                try await StatusReader.read(only, fleet, watches: true)
            } else { try await StatusReader(fleet: fleet, only: nil, watches: true).readAll() }
        return (status, begun.duration(to: fleet.talk.clock.now))
    }
}
