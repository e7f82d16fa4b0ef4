import Coordination
import Glibc
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
        if let logfile = configuration.logfile, logfile.utf8.starts(with: "/".utf8), let why = Self.objection(toLog: logfile) {
            doubts.append("key \"logfile\" is \"\(Excerpt.of(logfile))\", \(why), so that each run warns of it")
        }
        if let folder = configuration.reports.metricsFolder, unsafe access(folder, W_OK | X_OK) != 0 {
            doubts.append(
                "key \"metrics_directory\" is \"\(Excerpt.of(folder))\", which this user cannot write to on this host "
                    + "(\(String(errno: errno))), so that each run warns of it")
        }
        if configuration.connectTimeout == .seconds(0) {
            doubts.append("key \"connect_timeout\" is 0, so that no run would ever reach ZooKeeper; leave it out")
        }
        let grace = Duration.seconds(configuration.terminationTimeoutSeconds)
        let left = graceOnLoss(configuration, grace)
        if left < grace {
            let key =
                configuration.mixedFleet
                ? "session_timeout or ownership_term" : "ownership_term (\(configuration.ownershipTermSeconds) s)"
            doubts.append(
                "key \(key) leaves \(left.components.seconds) s between "
                    + "SIGTERM and SIGKILL when ownership is lost, less than termination_timeout "
                    + "(\(configuration.terminationTimeoutSeconds) s); make the one longer or the other shorter")
        }
        return doubts
    }

    /// Nil: this user may write there, or make it.
    private static func objection(toLog path: String) -> String? {
        if unsafe access(path, F_OK) == 0 {
            return unsafe access(path, W_OK) == 0 ? nil : "which this user may not write to on this host"
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        return unsafe access(folder.isEmpty ? "/" : folder, W_OK | X_OK) == 0
            ? nil : "which this user cannot make on this host (\(String(errno: errno)))"
    }

    private static func graceOnLoss(_ configuration: Configuration, _ grace: Duration) -> Duration {
        let (start, term) = (BootInstant(nanoseconds: 0), Term(seconds: configuration.ownershipTermSeconds))
        let session: Duration? = configuration.mixedFleet ? .seconds(configuration.sessionTimeoutSeconds) : nil
        let limit = session.map {
            start.advanced(
                by: Heartbeats.longestInMixedFleet(
                    session: $0, relay: .milliseconds(configuration.serverTickMilliseconds / 2)))
        }
        let schedule = term.schedule(
            since: start, grace: grace, noLaterThan: limit ?? .never, period: Heartbeats.period(term, session))
        return schedule.terminate.duration(to: schedule.kill)
    }
}
