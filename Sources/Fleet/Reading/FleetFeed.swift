import Coordination
import Glibc
import Host
import Invocation
import POSIX
import Recipes
import Run
import Steering
import Supervision
import Text
import ZooKeeper

/// Reads the fleet for as long as the process lives, whatever becomes of ZooKeeper, and tells what it finds.
public struct FleetFeed: Sendable {
    public enum News: Sendable {
        case page(FleetPage)
        /// From now on the last page is old; why, in a line.
        case lost(String)
    }

    /// Why nothing can be shown at all: an exit code of switchmanctl(1), and a line for the user.
    public struct Failure: Error {
        public let code: Int32
        public let message: String

        public init(code: Int32, message: String) { (self.code, self.message) = (code, message) }
    }

    private let settings: Configuration
    let layout: Layout
    let session = CurrentSession()

    /// Reads the configuration.
    ///
    /// - Parameter config: its file; nil: as for every other program of the fleet.
    public init(config: String?) throws(Failure) {
        do throws(ConfigurationError) {
            settings = try Configuration.load(path: config, environment: Environment.ofThisProcess()).0
        } catch { throw Failure(code: Outcome.badConfig.defaultCode, message: error.message) }
        layout = Layout(prefix: settings.prefix)
    }

    /// This host's name, as runs call it; nil if it cannot be found out.
    public var hostName: String? { settings.fqdn ?? Hostname.fqdn() }

    var servers: String { settings.servers }

    /// To be called before any thread is made: they inherit it.
    public static func prepareThread() {
        Launch.forbidCoreFiles()
        Signals.block()
        // Ignored by whoever started this program, it would take away how an action has ended.
        signal(SIGCHLD, SIG_DFL)
    }

    public static func die(of signal: Int32) -> Never { Signals.die(of: signal) }

    /// Reads, and waits for changes, on the calling thread, until a signal ends it.
    ///
    /// - Parameters:
    ///   - hear: is told each page, on this thread.
    ///   - warn: is told what people should know though it stops nothing.
    /// - Returns: the signal.
    public func run(hear: @escaping @Sendable (News) -> Void, warn: @escaping @Sendable (String) -> Void)
        throws(Failure)
        -> Int32
    {
        let loop: EventLoop
        do throws(LaunchFailure) { loop = try EventLoop() } catch {
            throw Failure(code: Outcome.osError.defaultCode, message: error.message)
        }
        guard Signals.arrive(in: loop) else {
            throw Failure(code: Outcome.osError.defaultCode, message: "signalfd: \(String(errno: errno))")
        }
        let reader = FeedReader(settings: settings, loop: loop, session: session, hear: hear, warn: warn)
        guard let signal = loop.run({ await reader.run() }) else {
            throw Failure(code: Outcome.osError.defaultCode, message: "internal error: the reader stopped")
        }
        return signal
    }
}

/// One thread's work: a session after the other.
///
/// `@unchecked Sendable`: the loop's one thread alone uses it.
private final class FeedReader: @unchecked Sendable {
    private let settings: Configuration
    private let loop: EventLoop
    private let session: CurrentSession
    private let hear: @Sendable (FleetFeed.News) -> Void
    private let warn: @Sendable (String) -> Void
    private var tickets = 0

    init(
        settings: Configuration, loop: EventLoop, session: CurrentSession,
        hear: @escaping @Sendable (FleetFeed.News) -> Void, warn: @escaping @Sendable (String) -> Void
    ) {
        (self.settings, self.loop, self.session) = (settings, loop, session)
        (self.hear, self.warn) = (hear, warn)
    }

    /// Between two looks at a tree that never rests: the server shall have half its time for others.
    private static let shortestRest = Duration.milliseconds(100)
    private static let longestRest = Duration.seconds(1)
    /// Between two sessions.
    private static let retry = Duration.seconds(2)
    /// Clocks may be set while the end of a pause is waited for.
    private static let longestPause: Int64 = 60_000

    func run() async -> Int32 {
        while true {
            let news = News(loop)
            let client = settings.client(telling: news)
            let fleet = FleetConnection(
                settings, loop, news, client, firstTicket: tickets, remembers: true,
                warn: { [warn] in warn(Excerpt.line($0)) })
            let hear = hear
            fleet.talk.hears = { event in
                // What comes next says whether it is over; until then nobody knows what has changed.
                if event == .suspended { hear(.lost("the connection with ZooKeeper is lost")) }
            }
            session.set(client)
            let failure = await watch(fleet)
            session.set(nil)
            tickets = fleet.talk.tickets
            client.close(cap: .milliseconds(1500))
            if case .signal(let signal)? = failure { return signal }
            hear(.lost(reason(failure)))
            if let signal = await pause() { return signal }
        }
    }

    private func watch(_ fleet: FleetConnection) async -> Complaint? {
        var former: FleetPage?
        do {
            while true {
                let begun = loop.now
                fleet.memory?.beginLook()
                let status = try await StatusReader(fleet: fleet, only: nil, watches: true).readAll()
                fleet.memory?.endLook()
                // What is known may be all that was asked for; it is no news of servers that are gone.
                _ = try await fleet.talk.askAgain([.exists(fleet.layout.prefix, watch: false)])
                let page = FleetPage(status, servers: settings.servers, after: former)
                hear(.page(page))
                former = page
                let took = begun.duration(to: loop.now)
                try await fleet.talk.rest(
                    until: loop.now.advanced(by: min(max(took, Self.shortestRest), Self.longestRest)))
                try await fleet.talk.pause(until: pauseEnd(in: status))
            }
        } catch {
            return Complaint(error) ?? .failed(.osError, "internal error: \(error)")
        }
    }

    /// The end of a pause is no event of ZooKeeper's.
    private func pauseEnd(in status: FleetStatus) -> BootInstant? {
        status.fleet.pauses.nextEnd.map { end in
            let left = max(0, end.milliseconds - WallClock.milliseconds)
            return loop.now.advanced(by: .milliseconds(min(left, Self.longestPause)))
        }
    }

    private func reason(_ complaint: Complaint?) -> String {
        guard let complaint else { return "the session with ZooKeeper has ended" }
        switch complaint {
        case .failed(_, let why): return Excerpt.line(why)
        case .no(let why): return Excerpt.line(why)
        case .signal: return "a signal"
        }
    }

    /// Takes what is still on its way from the session that is closed; a signal ends it.
    private func pause() async -> Int32? {
        let end = loop.now.advanced(by: Self.retry)
        while loop.now < end {
            loop.wake(at: end)
            if case .signal(let number, _, _) = await loop.next() { return number }
        }
        while let event = loop.poll() { if case .signal(let number, _, _) = event { return number } }
        return nil
    }
}
