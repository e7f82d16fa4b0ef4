import ArgumentParser
import Fleet
import Glibc

/// Shows a fleet in a browser.
@main
struct SwitchmanWeb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchman-web",
        abstract: "Show a switchman fleet in a browser.",
        discussion: """
            Whoever reaches it sees what "switchmanctl status" shows. It changes nothing, unless --allow-actions lets who \
            knows a token stop, pause and drain. It speaks plain HTTP, so it listens on this host only, unless told \
            otherwise. The manual: man switchman-web.
            """,
        version: "switchman-web 2.0.0")

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The configuration file; else $SWITCHMAN_CONFIG, else /etc/switchman.conf.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Where to listen: an IP address and a port.", valueName: "address:port"))
    var listen = "127.0.0.1:8420"

    @Flag(help: "Allow an address that other hosts reach, without encryption and for everybody.")
    var `public` = false

    @Option(
        help: ArgumentHelp("Another host name by which browsers ask for it; may be given again.", valueName: "host"))
    var name: [String] = []

    @Flag(help: "Let whoever shows the token of --token-file stop, pause, resume, drain and undrain.")
    var allowActions = false

    @Option(
        help: ArgumentHelp("The token, in a file that is root's or one's own and closed to others.", valueName: "file"))
    var tokenFile: String?

    /// What this program starts itself as, for one action.
    @Flag(help: .private) var performAction = false

    /// A mistake is one line, as everywhere.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as FleetFeed.Failure {
            leave(failure.code, failure.message)
        } catch {
            let code = exitCode(for: error)
            if code.isSuccess {
                print(fullMessage(for: error))
                Glibc.exit(0)
            }
            leave(64, "\(message(for: error)) (see switchman-web --help)")
        }
    }

    private static func leave(_ code: Int32, _ message: String) -> Never {
        Log.say(message)
        Glibc.exit(code)
    }

    func run() throws {
        if performAction { perform() }
        guard let address = ListenAddress(listen) else {
            throw ValidationError(
                "invalid value \"\(listen)\" for --listen: expected an IP address and a port, such as 127.0.0.1:8420 or "
                    + "[::1]:8420")
        }
        guard address.isLoopback || `public` else {
            throw ValidationError(
                "--listen \(listen) is an address that other hosts reach, and what they see is neither encrypted nor asks "
                    + "for a password: put a proxy with TLS before 127.0.0.1, or add --public")
        }
        let token = try token()
        let feed = try FleetFeed(config: config)
        FleetFeed.prepareThread()
        let names = name + [feed.hostName].compactMap { $0 }
        let server = WebServer(
            names: Set(names.map { $0.lowercased() }), feed: feed, token: token, config: config)
        let shown = try server.listen(at: address)
        Log.say("listening at http://\(shown)/")
        if token != nil, !address.isLoopback {
            Log.say("warning: --allow-actions with --public: whoever listens on the network learns the token")
        }
        let hub = server.hub
        let signal = try feed.run(hear: { hub.hear($0) }, warn: { Log.say($0) })
        server.close()
        FleetFeed.die(of: signal)
    }

    private func token() throws -> ActionToken? {
        guard allowActions else {
            if tokenFile == nil { return nil }
            throw ValidationError("--token-file is for --allow-actions; give both or none")
        }
        guard let tokenFile else {
            throw ValidationError("--allow-actions needs a token that whoever acts must show: add --token-file FILE")
        }
        return try ActionToken(path: tokenFile)
    }

    private func perform() -> Never {
        FleetFeed.prepareThread()
        let ending = FleetAction.perform(config: config)
        for line in ending.lines { print(line) }
        Glibc.exit(ending.code)
    }
}
