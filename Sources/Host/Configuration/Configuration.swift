package import Coordination
package import Recipes
package import Text

/// What holds for every run on this host, wherever it was written: the file, or the environment, which is stronger.
package struct Configuration: Sendable {
    /// Below which all our znodes stand; the chroot of `zkhosts`, if any, comes first in it.
    package var prefix: String
    package var zkhosts: [ServerAddress]
    package var logfile: String?
    package var loglevel = LogLevel.info
    package var reports = Reports()
    /// The most bytes of prefix data that are read.
    package var dataReadLen = 65_535
    /// For how long a run waits for its permits unless it says so itself.
    package var resourcesWait = Limit.forever
    /// Between SIGTERM and SIGKILL.
    package var terminationTimeoutSeconds: Int64 = 10
    package var sessionTimeoutSeconds: Int64 = 30
    package var ownershipTermSeconds: Int64 = 30
    /// Whether originals are about, which know nothing of terms.
    package var mixedFleet = false
    /// The servers' `tickTime`; the default is ZooKeeper's own.
    package var serverTickMilliseconds = 2000
    package var connectTimeout = Self.defaultConnectTimeout
    /// What the end of that is to a run that does not say so itself.
    package var onUnavailable = Unavailability.fail
    /// This host's name if it is not to be asked for.
    package var fqdn: String?
    /// Where the tree of a command is held.
    package var cgroup = CgroupSetting.auto
    /// Who its runs say they are, and to whom their znodes are open.
    package var access = Access()
    /// How its connections are encrypted; nil: they are not.
    package var encryption: Encryption?

    package init(prefix: String, zkhosts: [ServerAddress]) {
        self.prefix = prefix
        self.zkhosts = zkhosts
    }

    package static let defaultConnectTimeout = Limit.seconds(15)
    /// The file that is read if no other is named.
    package static let defaultPath = "/etc/switchman.conf"

    static let keys = [
        "prefix", "zkhosts", "logfile", "loglevel", "data_read_len", "resources_wait_timeout", "termination_timeout",
        "session_timeout", "ownership_term", "mixed_fleet", "server_tick", "connect_timeout", "on_unavailable",
        "fqdn",
        "log_format", "syslog", "hooks", "metrics_directory", "cgroup", "auth", "acl", "tls",
    ]

    /// The shortest term in which a heartbeat every tenth and two seconds for killing and reaping have room.
    private static let shortestTermSeconds: Int64 = 3
    private static let daySeconds: Int64 = 86_400
    /// Only there so that arithmetic with it cannot overflow.
    private static let yearSeconds: Int64 = 366 * daySeconds

    /// Reads the file at `path`, else the one that SWITCHMAN_CONFIG names, else `defaultPath`; the environment goes before
    /// the file. The warnings are for the log.
    package static func load(
        path: String?, environment: [String: String], warnsOfVariables: Bool = false
    ) throws(ConfigurationError) -> (Configuration, warnings: [String]) {
        let settings = try Settings.load(path: path, environment: environment)
        let warnings = settings.warnings() + (warnsOfVariables ? settings.warningsOfVariables() : [])
        var problems = ConfigurationProblems()
        _ = problems.value { () throws(ConfigurationError) in try settings.refuseMisspeltProtection() }
        let prefix = problems.value { () throws(ConfigurationError) in
            try Self.prefix(in: try settings.required("prefix"))
        }
        let ensemble = problems.value { () throws(ConfigurationError) in
            try servers(in: try settings.required("zkhosts"))
        }
        var configuration = Configuration(
            prefix: (ensemble?.chroot ?? "") + (prefix ?? ""), zkhosts: ensemble?.servers ?? [])
        configuration.takeLog(from: settings, &problems)
        configuration.takeTimes(from: settings, &problems)
        configuration.takeHost(from: settings, &problems)
        configuration.takeAccess(from: settings, &problems)
        guard problems.lines.isEmpty else {
            throw ConfigurationError(
                problems: problems.lines, warnings: warnings, lister: settings.checkCommand)
        }
        let doubts = [
            settings["loglevel"]?.doubt(about: configuration.loglevel), settings["server_tick"]?.doubtAboutTick(),
        ]
        return (configuration, warnings: warnings + doubts.compactMap(\.self))
    }

    private func checkMixedFleet(_ setting: Setting) throws(ConfigurationError) {
        guard case .impossible(let least) = lifetime().fit(grace: .zero) else { return }
        throw setting.error(
            "needs a session_timeout of \((least.nanoseconds + 999_999_999) / 1_000_000_000) s at least with a server_tick of "
                + "\(serverTickMilliseconds) ms; it is \(sessionTimeoutSeconds) s"
        )
    }

    /// How late the leader may learn from another server that a session lives. Busy servers pause as long, however short their
    /// tick is; hence the least.
    package var relay: Duration { .milliseconds(max(serverTickMilliseconds, Self.leastRelayMilliseconds)) }

    private static let leastRelayMilliseconds = 500

    /// How long a command may live on one proof.
    /// - Parameter session: the timeout that the servers grant; nil: the one that they are asked for.
    package func lifetime(session: Duration? = nil) -> Lifetime {
        let session = session ?? .seconds(sessionTimeoutSeconds)
        return Lifetime(
            term: Term(seconds: ownershipTermSeconds),
            originals: mixedFleet ? Lifetime.Originals(session: session, relay: relay) : nil)
    }

    /// One slash at the end does no harm.
    private static func prefix(in setting: Setting) throws(ConfigurationError) -> String {
        let text = try setting.text()
        let path = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
        if let objection = ZNodePath.objection(to: path) {
            throw setting.error("\"\(Excerpt.of(text))\" \(objection)")
        }
        return path
    }

    private static func servers(
        in setting: Setting
    ) throws(ConfigurationError) -> (servers: [ServerAddress], chroot: String) {
        let text = try setting.text()
        do {
            return try ServerAddress.parseList(text)
        } catch {
            throw setting.error(error.problem)
        }
    }

    private mutating func takeLog(from settings: Settings, _ problems: inout ConfigurationProblems) {
        problems.take(settings["logfile"]) { setting throws(ConfigurationError) in
            let path = try setting.text()
            // The original takes an empty one as none.
            logfile = path.isEmpty ? nil : path
        }
        problems.take(settings["loglevel"]) { setting throws(ConfigurationError) in loglevel = try setting.logLevel() }
        problems.take(settings["log_format"]) { setting throws(ConfigurationError) in
            reports.format = try setting.logFormat()
        }
        problems.take(settings["syslog"]) { setting throws(ConfigurationError) in
            reports.syslog = try setting.syslogTarget()
        }
        problems.take(settings.inFile("hooks")) { setting throws(ConfigurationError) in
            reports.hooks = try setting.hooks()
        }
        problems.take(settings["metrics_directory"]) { setting throws(ConfigurationError) in
            let path = try setting.text()
            reports.metricsFolder = path.isEmpty ? nil : path
        }
    }

    private mutating func takeTimes(from settings: Settings, _ problems: inout ConfigurationProblems) {
        let before = problems.lines.count
        problems.take(settings["resources_wait_timeout"]) { setting throws(ConfigurationError) in
            let limit = try setting.duration()
            resourcesWait = limit == .seconds(0) ? .forever : limit
        }
        problems.take(settings["termination_timeout"]) { setting throws(ConfigurationError) in
            terminationTimeoutSeconds = try setting.seconds(in: 0...Self.yearSeconds)
        }
        problems.take(settings["session_timeout"]) { setting throws(ConfigurationError) in
            sessionTimeoutSeconds = try setting.seconds(in: 1...Self.daySeconds)
        }
        problems.take(settings["ownership_term"]) { setting throws(ConfigurationError) in
            ownershipTermSeconds = try setting.seconds(in: Self.shortestTermSeconds...Self.daySeconds)
        }
        problems.take(settings["server_tick"]) { setting throws(ConfigurationError) in
            serverTickMilliseconds = Int(try setting.tickMilliseconds())
        }
        problems.take(settings["connect_timeout"]) { setting throws(ConfigurationError) in
            connectTimeout = try setting.duration()
        }
        problems.take(settings["on_unavailable"]) { setting throws(ConfigurationError) in
            onUnavailable = try setting.unavailability()
        }
        let hasAllTimes = problems.lines.count == before
        problems.take(settings["mixed_fleet"]) { setting throws(ConfigurationError) in
            mixedFleet = try setting.boolean()
            // Of times that are wrong it says nothing yet.
            if hasAllTimes { try checkMixedFleet(setting) }
        }
    }

    private mutating func takeHost(from settings: Settings, _ problems: inout ConfigurationProblems) {
        problems.take(settings["data_read_len"]) { setting throws(ConfigurationError) in
            dataReadLen = Int(try setting.integer(in: 1...Int64(Int32.max)))
        }
        problems.take(settings["fqdn"]) { setting throws(ConfigurationError) in fqdn = try setting.hostName() }
        problems.take(settings["cgroup"]) { setting throws(ConfigurationError) in cgroup = try setting.cgroup() }
    }

    private mutating func takeAccess(from settings: Settings, _ problems: inout ConfigurationProblems) {
        let known = problems.value { () throws(ConfigurationError) in try settings.encryption() }
        if case .some(let found) = known { encryption = found }
        // A broken tls may be meant to have a certificate.
        access = settings.access(
            isMixedFleet: mixedFleet, hasCertificate: known == nil || encryption?.identity != nil, &problems)
    }
}
