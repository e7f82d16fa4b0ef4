import Coordination
import Fleet
import Invocation
import Recipes
import Run
import Steering
import Supervision
import Text

/// What shows the fleet's status to somebody who watches it.
protocol StatusView: AnyObject {
    func show(_ status: FleetStatus)
    /// From now on what was shown is old, and why; nothing if nothing was shown.
    func age(because reason: String)
    /// What was shown may have lost its place.
    func refresh()
    /// Nobody looks any more.
    var isToQuit: Bool { get }
}

/// `status --watch`: shown anew when something has changed, which ZooKeeper's watches tell, also after an outage.
struct StatusWatch {
    let fleet: FleetConnection
    let only: String?

    /// Between two looks: of a tree that never rests and takes long to read, the server shall have half its time for others.
    private static let shortestRest = Duration.milliseconds(100)
    private static let longestRest = Duration.seconds(1)
    /// Between two sessions.
    private static let retry = Duration.seconds(2)
    /// Clocks may be set.
    private static let longestPause: Int64 = 60_000

    /// Drawn, until somebody quits.
    func draw() async throws {
        let display = Display(fleet.loop, fleet.news)
        fleet.suspend = { display.suspend() }
        display.show()
        defer {
            display.hide()
            fleet.suspend = nil
        }
        let footer = "\(fleet.layout.prefix) on \(fleet.settings.servers)   q: quit"
        try await show(StatusPicture(display, footer: footer))
    }

    /// The same for programs: a document for each change, a line each.
    func stream() async throws { try await show(StatusStream()) }

    /// Goes on after what may pass by itself; what was never seen, and what will not pass, ends it.
    private func show(_ view: any StatusView) async throws {
        var hasShown = false
        while true {
            fleet.talk.hears = { event in
                // What comes next says whether it is over; until then nobody knows what has changed.
                if event == .suspended { view.age(because: "the connection with ZooKeeper is lost") }
            }
            do {
                while !view.isToQuit {
                    let (status, took) = try await look()
                    view.show(status)
                    hasShown = true
                    let end = nextMoment(of: status, now: WallClock.milliseconds)
                    try await fleet.talk.rest(
                        until: fleet.talk.clock.now.advanced(by: min(max(took, Self.shortestRest), Self.longestRest)))
                    try await fleet.talk.pause(until: end)
                }
            } catch {
                if !view.isToQuit {
                    guard hasShown, case .failed(.unavailable, let why)? = Complaint(error) else { throw error }
                    view.age(because: why)
                    fleet.endSession()
                    try await rest(view)
                }
            }
            if view.isToQuit { return }
            try fleet.beginAnotherSession()
        }
    }

    /// - Throws: the signal that ends it.
    private func rest(_ view: any StatusView) async throws {
        let end = fleet.loop.now.advanced(by: Self.retry)
        while fleet.loop.now < end, !view.isToQuit {
            fleet.loop.wake(at: end)
            if case .signal(let number, _, _) = await fleet.loop.next() { throw Complaint.signal(number) }
            view.refresh()
        }
    }

    /// The end of a pause, and that a job is late, are no events of ZooKeeper's.
    ///
    /// - Parameter now: by this host's clock, as the status was shown.
    private func nextMoment(of status: FleetStatus, now: Int64) -> BootInstant? {
        let end = status.fleet.pauses.nextEnd.map { min(max(0, $0.milliseconds - now), Self.longestPause) }
        let late = status.nextLate(nowMilliseconds: now).map { $0 - now + 1 }
        return [end, late].compactMap(\.self).min().map { fleet.talk.clock.now.advanced(by: .milliseconds($0)) }
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
