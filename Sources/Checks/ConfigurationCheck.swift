import Coordination
import Glibc
import Host
import POSIX
import Recipes
import Reporting
import Text

/// `check config`: reads a configuration as a run would, and asks nobody.
package struct ConfigurationCheck {
    /// Whether what a run only warns of is an error.
    private let isStrict: Bool

    package init(isStrict: Bool) { self.isStrict = isStrict }

    /// - Parameter environment: what stands above the file; empty for the file alone.
    package func verdict(path: String?, environment: [String: String]) -> Verdict {
        do throws(ConfigurationError) {
            let (configuration, warnings) = try Configuration.load(
                path: path, environment: environment, warnsOfVariables: true)
            let doubts = warnings + Self.doubts(about: configuration)
            let servers = configuration.zkhosts.map(\.text)
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
            return Verdict(
                check: "config", summary: "",
                findings: error.problems.map { Finding(.critical, "", $0) }
                    + error.warnings.map { Finding(isStrict ? .critical : .warning, "", $0) })
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
        if let logfile = configuration.logfile, logfile.utf8.starts(with: "/".utf8),
            let why = Self.objection(toLog: logfile)
        {
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
        if let syslog = configuration.reports.syslog, let error = syslog.objection() {
            doubts.append(
                "key \"syslog\" names \(Excerpt.of(syslog.path)), which does not take messages on this host "
                    + "(\(String(errno: error))), so that each run warns of it")
        }
        let grace = Duration.seconds(configuration.terminationTimeoutSeconds)
        if case .tight(let grace) = configuration.lifetime().fit(grace: grace) { doubts.append(grace.text) }
        return doubts
    }

    /// Nil: this user may write there, or make it.
    private static func objection(toLog path: String) -> String? {
        do throws(TrustedPath.Failure) {
            close(try TrustedPath.open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK))
            return nil
        } catch {
            if error != .errno(ENOENT) { return "which this user may not write to on this host (\(error.text))" }
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        return unsafe access(folder.isEmpty ? "/" : folder, W_OK | X_OK) == 0
            ? nil : "which this user cannot make on this host (\(String(errno: errno)))"
    }
}
