package import Coordination
import Glibc
package import Host
import Invocation
package import Recipes
import Run
package import Supervision
import Text
import ZooKeeper

/// One session with the fleet's ZooKeeper at a time: of a verb, or of whoever shows the fleet.
///
/// Everything happens on the calling thread, which is the loop's; the session ends with what was asked, also when a signal
/// interrupts it.
package final class FleetConnection {
    package let settings: Configuration
    package let layout: Layout
    /// Tells people, in a line, what they should know though it stops nothing.
    let warn: @Sendable (String) -> Void
    private var hasWarnedOfLength = false
    package let loop: EventLoop
    /// Asks and waits: every question ends within the connect timeout, with an error at the latest.
    package private(set) var talk: Conversation
    package let news: News
    /// What Ctrl-Z does, while somebody draws on the whole terminal.
    package var suspend: (() -> Void)?
    private var client: Client
    /// Of whoever reads the fleet again and again.
    let memory: WatchedReads?

    /// - Parameters:
    ///   - firstTicket: beyond those of earlier sessions on this loop, whose replies may still be on their way.
    ///   - remembers: what was read under a watch is not asked for again before that fires.
    init(
        _ settings: Configuration, _ loop: EventLoop, _ news: News, _ client: Client, firstTicket: Int = 0,
        remembers: Bool = false, warn: @escaping @Sendable (String) -> Void
    ) {
        memory = remembers ? WatchedReads(loop) : nil
        self.news = news
        self.warn = warn
        self.settings = settings
        self.loop = loop
        self.client = client
        layout = Layout(prefix: settings.prefix)
        talk = Self.conversation(settings, loop, inbox: memory ?? loop, client, firstTicket: firstTicket)
    }

    private static func conversation(
        _ settings: Configuration, _ loop: EventLoop, inbox: any Inbox, _ client: Client, firstTicket: Int
    ) -> Conversation {
        let seconds: Int64 =
            switch settings.connectTimeout {
            case .forever: Int64(Int32.max)
            case .seconds(let seconds): seconds
            }
        return Conversation(
            ensemble: client, inbox: inbox, clock: loop, connectTimeout: .seconds(seconds), servers: settings.servers,
            prefix: settings.prefix, firstTicket: firstTicket)
    }

    package static func open<Value: Sendable>(
        _ settings: Configuration, draws: Bool = false, warn: @escaping @Sendable (String) -> Void,
        _ body: @escaping @Sendable (FleetConnection) async throws -> Value
    ) throws -> Value {
        Signals.block(ofTerminal: draws)
        let loop = try EventLoop()
        let news = News(loop)
        let result = loop.run { () async -> Result<Value, any Error> in
            let fleet = FleetConnection(settings, loop, news, settings.client(telling: news), warn: warn)
            defer { fleet.endSession() }
            do {
                try fleet.hearSignals(draws: draws)
                return .success(try await body(fleet))
            } catch {
                return .failure(error)
            }
        }
        guard let result else { throw Complaint.failed(.osError, "internal error: the verb stopped before its end") }
        return try result.get()
    }

    private func hearSignals(draws: Bool) throws {
        let terminal: (Int32) -> Void = { [self] signal in
            if signal == SIGTSTP, let suspend { suspend() } else { news.wake() }
        }
        if Signals.arrive(in: loop, terminal: draws ? terminal : nil) { return }
        throw Complaint.failed(.osError, LaunchFailure.systemCall("signalfd", errno: errno).message)
    }

    // MARK: Sessions

    /// Harmless twice.
    package func endSession() {
        // As long as a stopped server makes zookeeper_close wait.
        client.close(cap: .milliseconds(1500))
    }

    /// Begins another session in place of the one that was ended, for whoever goes on after an error.
    ///
    /// - Throws: the signal that has come meanwhile. What else is still on its way from the former session is dropped.
    package func beginAnotherSession() throws(Complaint) {
        while let event = loop.poll() { if case .signal(let number, _, _) = event { throw .signal(number) } }
        client = settings.client(telling: news)
        talk = Self.conversation(settings, loop, inbox: memory ?? loop, client, firstTicket: talk.tickets)
    }

    // MARK: Reading

    /// Asks in batches, so that a big tree neither fills the server's queues nor keeps others waiting long.
    package func ask(_ requests: [Request]) async throws -> [Reply] {
        guard let memory else { return try await askServer(requests) }
        var replies = requests.map(memory.reply)
        let unknown = replies.indices.filter { replies[$0] == nil }
        memory.beginQuestions()
        for (index, reply) in zip(unknown, try await askServer(unknown.map { requests[$0] })) {
            replies[index] = reply
            memory.note(reply, to: requests[index])
        }
        return replies.compactMap(\.self)
    }

    func record(of job: String, _ data: [UInt8]) -> JobRecord? {
        memory.map { $0.record(of: ExactName(job), data) } ?? JobRecord(bytes: data)
    }

    private func askServer(_ requests: [Request]) async throws -> [Reply] {
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
    package func children(of parents: [String]) async throws -> [String] {
        let lists = try await ask(parents.map { .children($0, watch: false) })
        return try zip(parents, lists).flatMap { parent, list in
            try list.children().sorted().map { "\(parent)/\($0)" }
        }
    }

    /// Some milliseconds of a server's time; more in one go gains nothing measurable.
    private static let batch = 500

    /// PREFIX's data, or an error that names what is wrong with it.
    package func fleetData() async throws -> FleetData { try fleetData(of: try await prefixBytes()) }

    /// As a run takes it.
    package func fleetDataForRuns() async throws -> FleetData {
        let bytes = try await prefixBytes()
        if let objection = objection(toLengthOf: bytes) { throw Complaint.failed(.badData, objection) }
        return try fleetData(of: bytes)
    }

    /// PREFIX's data as it stands; empty if there is none.
    package func prefixBytes() async throws -> [UInt8] {
        try await dataState().bytes
    }

    package struct DataState: Sendable {
        package let bytes: [UInt8]
        /// When it became so; 0: it is not there.
        package var mzxid: Int64
    }

    package func dataState() async throws -> DataState {
        let node = try await talk.askAgain([.get(layout.prefix, watch: false)])[0].node()
        return DataState(bytes: node?.data ?? [], mzxid: node?.stat.mzxid ?? 0)
    }

    private func objection(toLengthOf bytes: [UInt8]) -> String? {
        FleetData.objection(toLength: bytes.count, of: layout.prefix, limit: settings.dataReadLen)
    }

    /// An operator sees also what is too long for a run, and is told so once.
    package func fleetData(of bytes: [UInt8]) throws(Complaint) -> FleetData {
        if !hasWarnedOfLength, let objection = objection(toLengthOf: bytes) {
            hasWarnedOfLength = true
            warn("warning: \(objection); until then every run ends with 65")
        }
        do { return try Self.parse(bytes) } catch {
            throw .failed(.badData, "the data of \(layout.prefix): \(error.message)")
        }
    }

    /// The same for whoever needs nothing of it but the pauses: what cannot be read says nothing, as to a run.
    package func fleetDataIfReadable(_ bytes: [UInt8]) -> FleetData {
        do { return try Self.parse(bytes) } catch {
            warn("warning: the data of \(layout.prefix): \(error.message); treated as if it were empty")
            return .none
        }
    }

    /// The same for a check, and why a run cannot read it, which is for its verdict to say.
    package func fleetDataForChecks(_ bytes: [UInt8]) -> (FleetData, String?) {
        do { return (try Self.parse(bytes), objection(toLengthOf: bytes)) } catch {
            return (.none, "the data of \(layout.prefix): \(error.message)")
        }
    }

    /// The same for whoever shows the fleet, and why nothing is known of it.
    func fleetDataOrWhyNot(_ bytes: [UInt8]) -> (FleetData, String?) {
        do { return (try fleetData(of: bytes), nil) } catch {
            guard case .failed(_, let why) = error else { return (.none, nil) }
            return (.none, why)
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(FleetDataError) -> FleetData {
        try FleetData.parse(bytes, nowMilliseconds: WallClock.milliseconds)
    }

    // MARK: Writing

    /// Who we are, for the data of what we make, in the original's form.
    package var nodeData: [UInt8] { Array("\(hostName ?? "?") \(getpid())".utf8) }

    /// This host's, as runs call it.
    package var hostName: String? { settings.fqdn ?? Hostname.fqdn() }

    package func makeParents(of path: String) async throws {
        try await Parents(layout: layout, nodeData: nodeData, talk: talk).make(for: [path])
    }
}

extension Configuration {
    /// A session of this process's own: what it has open already is not the library's.
    func client(telling news: News) -> Client {
        Client(
            servers: entries, sessionTimeout: .seconds(sessionTimeoutSeconds), access: access, inbox: news,
            sparing: Client.internetSockets())
    }

    /// A run may wait for its servers for ever. Who asks by monitoring or from a page wants an answer: then it is as by default.
    package var withPatienceOfAChecker: Configuration {
        guard case .forever = connectTimeout else { return self }
        var copy = self
        copy.connectTimeout = Configuration.defaultConnectTimeout
        return copy
    }

    /// For messages.
    package var servers: String { zkhosts.map(\.text).joined(separator: ",") }
}
