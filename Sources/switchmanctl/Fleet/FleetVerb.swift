import ArgumentParser
import Checks
import Fleet
import Host
import Invocation

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

extension FleetConnection {
    static func open<Value: Sendable>(
        _ settings: Configuration, draws: Bool = false,
        _ body: @escaping @Sendable (FleetConnection) async throws -> Value
    ) throws -> Value {
        try open(settings, draws: draws, warn: Screen.complain, body)
    }
}
