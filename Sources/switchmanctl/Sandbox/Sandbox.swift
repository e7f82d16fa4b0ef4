import ArgumentParser
import Fleet
import Glibc
import Host
import Reporting
import Run

struct Sandbox: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a throwaway ZooKeeper, and a shell or COMMAND that uses it.",
        discussion: """
            The server comes from Debian's package zookeeper, listens on a free port of 127.0.0.1, and keeps its data \
            in a temporary folder. PREFIX (/sandbox) is made, and SWITCHMAN_CONFIG names a configuration for it. \
            All of it is gone afterwards. The exit code is COMMAND's.
            """)

    @Option(
        help: ArgumentHelp(
            "The class path of another ZooKeeper, its logger's interface left out; instead of Debian's.",
            valueName: "path"))
    var jars: String?
    @Argument(parsing: .postTerminator, help: "What to run, behind --; without it, your shell.")
    var command: [String] = []

    func run() throws {
        let blocked = Signals.block()
        let server = try SandboxServer.start(jars: jars, blocked: blocked)
        let code: Int32
        do {
            code = try use(server, blocked)
        } catch {
            server.end()
            throw error
        }
        server.end()
        if code != 0 { throw ExitCode(code) }
    }

    private func use(_ server: SandboxServer, _ blocked: UInt64) throws -> Int32 {
        let path = "\(server.folder)/switchman.conf"
        try SandboxServer.write("{\"prefix\": \"/sandbox\", \"zkhosts\": \"127.0.0.1:\(server.port)\"}\n", to: path)
        let settings = try Configuration.load(path: path, environment: [:]).0
        try FleetConnection.open(settings) { try await Init.makePrefix($0) }
        var words = command
        if words.isEmpty {
            words = [unsafe getenv("SHELL").map { unsafe String(cString: $0) } ?? "/bin/sh"]
            Screen.complain(
                "a ZooKeeper on 127.0.0.1:\(server.port), PREFIX /sandbox, named by SWITCHMAN_CONFIG; it ends with this shell"
            )
        }
        // These would go before the file, and lead to another fleet.
        let environment = ProcessEnvironment.with([
            ("SWITCHMAN_CONFIG", path), ("SWITCHMAN_PREFIX", nil), ("SWITCHMAN_ZKHOSTS", nil),
        ])
        let child: Child
        do throws(Child.Failure) {
            child = try Child(
                words, environment: environment, deathSignal: SIGHUP, leadsSession: false, blocked: blocked)
        } catch {
            guard case .errno(let code) = error else { return 127 }
            throw Complaint.failed(
                code == ENOENT ? .notFound : .notExecutable, ExecFailure(Array(words[0].utf8), errno: code).message)
        }
        return child.end()
    }
}
