import Coordination
import Glibc
import Host
import Invocation
import Recipes
import Run
import Steering
import Supervision
import Text

/// What somebody at a page wants done to the fleet: the verbs of switchmanctl(1) of the same names, and their code.
///
/// It is done by a process of its own (`perform`): the C client's state, and what stands between it and the network, are one
/// session's for each process; and a stop lasts as long as its process does.
public struct FleetAction: Sendable {
    public enum Verb: String, Sendable, CaseIterable { case stop, pause, resume, drain, undrain }

    public let verb: Verb
    /// A lockname, or a host or pattern; nil: all jobs.
    private let name: String?
    private let why: String?
    /// Of a stop: the fencing token of the run that was shown, in the place of which another one's is not to be ended.
    private let token: Int64?
    /// Who asks, for the note of a pause.
    private let asker: String
    /// The fleet that was shown; nil: not said yet.
    private let shown: Shown?

    private struct Shown: Equatable {
        let prefix, servers: String
    }

    /// Reads `{"verb": "pause", "name": "backup", "why": "..."}`, or `"all": true` in the place of the name. A stop may have
    /// `"token"`, and then ends that run only.
    ///
    /// - Parameter asker: nil: as the text says, which is then one that this program has written.
    /// - Throws: what is wrong with it, in a line, with 64.
    public init(json: [UInt8], asker: String?) throws(FleetFeed.Failure) {
        func refusal(_ why: String) -> FleetFeed.Failure {
            FleetFeed.Failure(code: Outcome.usage.defaultCode, message: why)
        }
        guard let members = (try? JSONValue.parse(json))?.object else { throw refusal("the request is no JSON object") }
        var known: Set<ExactName> = ["verb", "name", "all", "why", "token"]
        if asker == nil { known.formUnion(["asker", "prefix", "servers"]) }
        if let other = members.keys.filter({ !known.contains($0) }).min() {
            throw refusal("the request has a member \"\(Excerpt.of(other.text))\", which means nothing here")
        }
        guard let word = members["verb"]?.string, let verb = Verb(rawValue: word) else {
            let all = Verb.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw refusal("the request's \"verb\" must be one of \(all)")
        }
        func text(_ key: ExactName) throws(FleetFeed.Failure) -> String? {
            guard let value = members[key], value != .null else { return nil }
            guard let text = value.string else { throw refusal("the request's \"\(key.text)\" must be a string") }
            return text
        }
        (name, why) = (try text("name"), try text("why"))
        let all = members["all"]?.boolean ?? false
        guard (name == nil) == all else { throw refusal("the request must have \"name\", or \"all\": true") }
        if all, verb != .pause, verb != .resume { throw refusal("\"all\" is for pause and resume") }
        if why != nil, verb != .pause, verb != .drain { throw refusal("\"why\" is for pause and drain") }
        if let value = members["token"], value != .null {
            guard verb == .stop, let number = value.integer else {
                throw refusal("the request's \"token\" is for stop, and must be a whole number")
            }
            token = number
        } else {
            token = nil
        }
        shown = asker == nil ? Shown(prefix: try text("prefix") ?? "", servers: try text("servers") ?? "") : nil
        self.verb = verb
        self.asker = asker ?? members["asker"]?.string ?? "?"
        do { try check() } catch { throw refusal(Self.message(error)) }
    }

    /// The same again, in one line of JSON, for that feed's fleet and no other.
    public func json(for feed: FleetFeed) -> String {
        let members: [ExactName: JSONValue] = [
            "verb": .string(verb.rawValue), "name": name.map { .string($0) } ?? .null,
            "all": name == nil ? .boolean(true) : .null, "why": why.map { .string($0) } ?? .null,
            "token": token.map { .integer($0) } ?? .null, "asker": .string(asker),
            "prefix": .string(feed.layout.prefix), "servers": .string(feed.servers),
        ]
        return JSONValue.object(members).plainText
    }

    /// For a log: `stop "backup"`.
    public var text: String {
        "\(verb.rawValue) \(name.map { "\"\(Excerpt.of($0, longest: 255))\"" } ?? "all jobs")"
            + (why.map { " because \"\(Excerpt.of($0, longest: PauseNote.longestWhy))\"" } ?? "")
    }

    private func check() throws {
        if let name {
            switch verb {
            case .stop, .pause, .resume: _ = try LockName(bytes: Array(name.utf8))
            case .drain, .undrain: try NameCheck.hosts(name)
            }
        }
        if let why, !PauseNote.isReason(why) {
            throw EditError.usage(
                "\"why\" must be one line of 1 to \(PauseNote.longestWhy) characters, without control characters")
        }
    }

    private static func message(_ error: any Error) -> String {
        switch Complaint(error) {
        case .failed(_, let message)?, .no(let message)?: Excerpt.line(message)
        case .signal(let signal)?: "ended by signal \(signal)"
        case nil: "internal error: \(error)"
        }
    }

    // MARK: Doing it

    /// In the process that is for this alone: reads the action from standard input and does it. When standard input ends, nobody
    /// waits for it any more, and it ends as by a signal.
    ///
    /// - Returns: the exit code of the verb, and what it has to say, in lines.
    public static func perform(config: String?) -> (code: Int32, lines: [String]) {
        let lines = Lines()
        // Connections that are other visitors', if they were not closed on the way here.
        for descriptor in Int32(3)..<4096 { close(descriptor) }
        do {
            let action = try FleetAction(json: firstLine(), asker: nil)
            let settings = try Configuration.load(path: config, environment: Environment.ofThisProcess()).0
                .withPatienceOfAChecker
            if action.shown != Shown(prefix: settings.prefix, servers: settings.servers) {
                throw Complaint.failed(
                    .badConfig, "the configuration has changed since switchman-web was started; restart it")
            }
            try FleetConnection.open(settings, warn: { lines.add(Excerpt.line($0)) }) { fleet in
                fleet.loop.watch(STDIN_FILENO) {
                    fleet.loop.unwatch(STDIN_FILENO)
                    fleet.loop.post(.signal(SIGTERM, fromTerminal: false))
                }
                try await action.act(on: fleet) { lines.add(Excerpt.line($0)) }
            }
            return (Answer.yes.rawValue, lines.all)
        } catch let failure as FleetFeed.Failure {
            return (failure.code, lines.all + [failure.message])
        } catch {
            return (Complaint(error)?.code ?? Outcome.osError.defaultCode, lines.all + [message(error)])
        }
    }

    /// What an action may say; a holder that answers on and on fills no memory.
    ///
    /// `@unchecked Sendable`: the loop's one thread uses it.
    private final class Lines: @unchecked Sendable {
        private(set) var all: [String] = []
        func add(_ line: String) { if all.count < 20 { all.append(line.beginning(bytes: 1000)) } }
    }

    private static func firstLine() -> [UInt8] {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < 16_384, unsafe read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return line
    }

    private func act(on fleet: FleetConnection, say: @escaping (String) -> Void) async throws {
        let editor = FleetEditor(fleet: fleet)
        switch verb {
        case .stop: try await stop(fleet, say)
        case .pause:
            let note = note(fleet)
            try await editor.edit { edit in
                if let name { edit.pause(name, note) } else { edit.pauseAll(note) }
            }
        case .resume:
            try await editor.edit { edit in
                if let name { try edit.resume(name) } else { try edit.resumeAll() }
            }
        case .drain:
            let note = note(fleet)
            try await editor.edit { edit in edit.drain(name ?? "", note) }
        case .undrain: try await editor.edit { edit in try edit.undrain(name ?? "") }
        }
    }

    private func by(_ fleet: FleetConnection) -> String { "switchman-web@\(fleet.hostName ?? "?") for \(asker)" }

    private func note(_ fleet: FleetConnection) -> PauseNote {
        PauseNote(
            why: why, by: by(fleet),
            since: TimeStamp(milliseconds: WallClock.milliseconds / 1000 * 1000))
    }

    private func stop(_ fleet: FleetConnection, _ say: @escaping (String) -> Void) async throws {
        let name = name ?? ""
        let found = try await StatusReader(fleet: fleet, only: name, watches: false).readAll().locks.first
        guard let found, found.holder != nil else { throw Complaint.no(StopEnding.nobody(holds: name, found)) }
        if let token, found.token != token {
            throw Complaint.no(
                "the run that was shown is over; another one holds the lock \(Excerpt.of(name, longest: 255)) now")
        }
        let ends = try await Stopping(
            fleet, asker: self.by(fleet), timeout: Stopping.patience(fleet).duration, say: say
        )
        .perform([found])
        let ending = StopEnding(found, ends[0])
        guard ends[0].isDone else { throw Complaint.no(ending.text) }
        say(ending.text)
    }
}
