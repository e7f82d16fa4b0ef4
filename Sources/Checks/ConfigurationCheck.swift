import Coordination
import Recipes
import Run

/// `check config`: reads a configuration as a run would, and asks nobody.
package struct ConfigurationCheck {
    /// Whether what a run only warns of is an error.
    private let isStrict: Bool

    package init(isStrict: Bool) { self.isStrict = isStrict }

    /// - Parameter environment: what stands above the file; empty for the file alone.
    package func verdict(path: String?, environment: [String: String]) -> Verdict {
        do throws(ConfigurationError) {
            let (configuration, warnings) = try Configuration.load(path: path, environment: environment)
            let doubts = warnings + Self.doubts(about: configuration)
            let servers = configuration.zkhosts.map { "\($0.host):\($0.port)" }
            return Verdict(
                check: "config", summary: "prefix \(configuration.prefix) at \(servers.joined(separator: ","))",
                findings: doubts.map { Finding(isStrict ? .critical : .warning, "", $0) },
                facts: [
                    "prefix": .string(configuration.prefix), "servers": .array(servers.map { .string($0) }),
                    "session_timeout_s": .integer(configuration.sessionTimeoutSeconds),
                    "ownership_term_s": .integer(configuration.ownershipTermSeconds),
                    "mixed_fleet": .boolean(configuration.mixedFleet),
                ])
        } catch {
            return Verdict(check: "config", answer: Finding(.critical, "", error.message))
        }
    }

    /// What a run takes, and what is hardly meant.
    private static func doubts(about configuration: Configuration) -> [String] {
        var doubts: [String] = []
        var seen: [ServerAddress] = []
        for server in configuration.zkhosts {
            if seen.contains(server) {
                doubts.append(
                    "key \"zkhosts\" names \(Excerpt.of(server.host)):\(server.port) twice; name each server once")
            }
            seen.append(server)
        }
        if let logfile = configuration.logfile, !logfile.utf8.starts(with: "/".utf8) {
            doubts.append(
                "key \"logfile\" is \"\(Excerpt.of(logfile))\", which is another file in each folder that a run is started in; "
                    + "write the whole path")
        }
        if configuration.connectTimeout == .seconds(0) {
            doubts.append("key \"connect_timeout\" is 0, so that no run would ever reach ZooKeeper; leave it out")
        }
        let grace = Duration.seconds(configuration.terminationTimeoutSeconds)
        let left = graceOnLoss(configuration, grace)
        if left < grace {
            doubts.append(
                "key \"ownership_term\" (\(configuration.ownershipTermSeconds) s) leaves \(left.components.seconds) s between "
                    + "SIGTERM and SIGKILL when ownership is lost, less than termination_timeout "
                    + "(\(configuration.terminationTimeoutSeconds) s); make the one longer or the other shorter")
        }
        return doubts
    }

    private static func graceOnLoss(_ configuration: Configuration, _ grace: Duration) -> Duration {
        let schedule = Term(seconds: configuration.ownershipTermSeconds).schedule(
            since: BootInstant(nanoseconds: 0), grace: grace)
        return schedule.terminate.duration(to: schedule.kill)
    }
}
