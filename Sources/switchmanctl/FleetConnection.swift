import ArgumentParser
import Checks
import Coordination
import Glibc
import Invocation
import Recipes
import Run
import Supervision
import ZooKeeper

/// The option that all verbs which read the configuration take.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The configuration file; else $SWITCHMAN_CONFIG, else /etc/switchman.conf.", valueName: "file"),
        completion: .file())
    var config: String?

    func load() throws(ConfigurationError) -> Configuration {
        try Configuration.load(path: config, environment: Environment.ofThisProcess()).0
    }

    /// What a line of a crontab would be run with.
    func load(for line: CrontabNeed.Fleet) throws(ConfigurationError) -> Configuration {
        let ofThisProcess = Environment.ofThisProcess()
        // Cron hands on nothing of this process's; a line that names no fleet is taken for one of ours.
        let environment = line.config == nil ? ofThisProcess.merging(line.environment) { $1 } : line.environment
        return try Configuration.load(path: line.config ?? config, environment: environment).0
    }
}

/// A verb that talks with the fleet's ZooKeeper.
protocol FleetVerb: ParsableCommand, Sendable {
    var configuration: ConfigurationOption { get }

    /// What is wrong with the arguments, before anything is connected.
    func check() throws
    func perform(_ fleet: FleetConnection) async throws -> Answer
    /// Whether it takes the whole terminal.
    var draws: Bool { get }
}

extension FleetVerb {
    func check() throws {}
    var draws: Bool { false }

    func run() throws {
        try check()
        let verb = self
        let answer = try FleetConnection.open(try configuration.load(), draws: draws) { try await verb.perform($0) }
        if answer != .yes { throw ExitCode(answer.rawValue) }
    }
}

/// The exit codes of a verb that did what was asked.
enum Answer: Int32, Sendable {
    case yes = 0
    case no = 1
}

/// One verb's session with ZooKeeper.
///
/// Everything happens on the calling thread, which is the loop's; the session ends with the verb, also when a signal
/// interrupts it.
final class FleetConnection {
    let settings: Configuration
    let layout: Layout
    private var hasWarnedOfLength = false
    let loop: EventLoop
    /// Asks and waits: every question ends within the connect timeout, with an error at the latest.
    let talk: Conversation
    let news: News
    /// While it is shown: it must know of Ctrl-Z and of another size.
    var display: Display?
    private let client: Client

    private init(_ settings: Configuration, _ loop: EventLoop, _ news: News, _ client: Client) {
        self.news = news
        self.settings = settings
        self.loop = loop
        self.client = client
        layout = Layout(prefix: settings.prefix)
        let seconds: Int64 =
            switch settings.connectTimeout {
            case .forever: Int64(Int32.max)
            case .seconds(let seconds): seconds
            }
        talk = Conversation(
            ensemble: client, inbox: loop, clock: loop, connectTimeout: .seconds(seconds), servers: settings.servers,
            prefix: settings.prefix)
    }

    static func open<Value: Sendable>(
        _ settings: Configuration, draws: Bool = false,
        _ body: @escaping @Sendable (FleetConnection) async throws -> Value
    ) throws -> Value {
        Signals.block(ofTerminal: draws)
        let loop = try EventLoop()
        let news = News(loop)
        let client = Client(
            servers: settings.entries, sessionTimeout: .seconds(settings.sessionTimeoutSeconds),
            access: settings.access,
            inbox: news, sparing: Client.internetSockets())
        let result = loop.run { () async -> Result<Value, any Error> in
            let fleet = FleetConnection(settings, loop, news, client)
            do {
                try fleet.hearSignals(draws: draws)
                return .success(try await body(fleet))
            } catch {
                return .failure(error)
            }
        }
        // As long as a stopped server makes zookeeper_close wait.
        client.close(cap: .milliseconds(1500))
        guard let result else { throw Complaint.failed(.osError, "internal error: the verb stopped before its end") }
        return try result.get()
    }

    private func hearSignals(draws: Bool) throws {
        let terminal: (Int32) -> Void = { [self] signal in
            if signal == SIGTSTP, let display { display.suspend() } else { news.wake() }
        }
        if Signals.arrive(in: loop, terminal: draws ? terminal : nil) { return }
        throw Complaint.failed(.osError, LaunchFailure.systemCall("signalfd", errno: errno).message)
    }

    // MARK: Reading

    /// Asks in batches, so that a big tree neither fills the server's queues nor keeps others waiting long.
    func ask(_ requests: [Request]) async throws -> [Reply] {
        var replies: [Reply] = []
        replies.reserveCapacity(requests.count)
        var rest = requests[...]
        while !rest.isEmpty {
            replies += try await talk.askAgain(Array(rest.prefix(Self.batch)))
            rest = rest.dropFirst(Self.batch)
        }
        return replies
    }

    /// The paths of what stands in those nodes, sorted in each; none of a node that does not exist.
    func children(of parents: [String]) async throws -> [String] {
        let lists = try await ask(parents.map { .children($0, watch: false) })
        return try zip(parents, lists).flatMap { parent, list in
            try list.children().sorted().map { "\(parent)/\($0)" }
        }
    }

    /// Some milliseconds of a server's time; more in one go gains nothing measurable.
    private static let batch = 500

    /// PREFIX's data, or an error that names what is wrong with it.
    func fleetData() async throws -> FleetData { try fleetData(of: try await prefixBytes()) }

    /// As a run takes it.
    func fleetDataForRuns() async throws -> FleetData {
        let bytes = try await prefixBytes()
        if let objection = objection(toLengthOf: bytes) { throw Complaint.failed(.badData, objection) }
        return try fleetData(of: bytes)
    }

    private func prefixBytes() async throws -> [UInt8] {
        try await talk.askAgain([.get(layout.prefix, watch: false)])[0].node()?.data ?? []
    }

    private func objection(toLengthOf bytes: [UInt8]) -> String? {
        FleetData.objection(toLength: bytes.count, of: layout.prefix, limit: settings.dataReadLen)
    }

    /// An operator sees also what is too long for a run, and is told so once.
    func fleetData(of bytes: [UInt8]) throws -> FleetData {
        if !hasWarnedOfLength, let objection = objection(toLengthOf: bytes) {
            hasWarnedOfLength = true
            Screen.complain("warning: \(objection); until then every run ends with 65")
        }
        do throws(FleetDataError) { return try Self.parse(bytes) } catch {
            throw Complaint.failed(.badData, "the data of \(layout.prefix): \(error.message)")
        }
    }

    /// The same for whoever needs nothing of it but the pauses: what cannot be read says nothing, as to a run.
    func fleetDataIfReadable(_ bytes: [UInt8]) -> FleetData {
        do throws(FleetDataError) { return try Self.parse(bytes) } catch {
            Screen.complain("warning: the data of \(layout.prefix): \(error.message); treated as if it were empty")
            return FleetData(groups: [:], resources: [])
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(FleetDataError) -> FleetData {
        try FleetData.parse(bytes, nowMilliseconds: WallClock.milliseconds)
    }

    // MARK: Writing

    /// Who we are, for the data of what we make, in the original's form.
    var nodeData: [UInt8] { Array("\(hostName ?? "?") \(getpid())".utf8) }

    /// This host's, as runs call it.
    var hostName: String? { settings.fqdn ?? Hostname.fqdn() }

    func makeParents(of path: String) async throws {
        try await Parents(layout: layout, nodeData: nodeData, talk: talk).make(for: [path])
    }
}

extension Configuration {
    /// For messages.
    var servers: String { zkhosts.map { "\($0.host):\($0.port)" }.joined(separator: ",") }
}
