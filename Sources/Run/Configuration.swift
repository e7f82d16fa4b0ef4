package import Coordination
package import Recipes

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
        path: String?, environment: [String: String]
    ) throws(ConfigurationError) -> (Configuration, warnings: [String]) {
        let settings = try Settings.load(path: path, environment: environment)
        try settings.refuseMisspeltProtection()
        let prefix = try Self.prefix(in: try settings.required("prefix"))
        let (servers, chroot) = try servers(in: try settings.required("zkhosts"))
        var configuration = Configuration(prefix: chroot + prefix, zkhosts: servers)
        try configuration.takeLog(from: settings)
        try configuration.takeTimes(from: settings)
        if let setting = settings["data_read_len"] {
            configuration.dataReadLen = Int(try setting.integer(in: 1...Int64(Int32.max)))
        }
        if let setting = settings["mixed_fleet"] {
            configuration.mixedFleet = try setting.boolean()
            try configuration.checkMixedFleet(setting)
        }
        if let setting = settings["fqdn"] {
            configuration.fqdn = try setting.hostName()
        }
        if let setting = settings["cgroup"] {
            configuration.cgroup = try setting.cgroup()
        }
        configuration.encryption = try settings.encryption()
        configuration.access = try settings.access(
            isMixedFleet: configuration.mixedFleet, hasCertificate: configuration.encryption?.identity != nil)
        let doubts = [
            settings["loglevel"]?.doubt(about: configuration.loglevel), settings["server_tick"]?.doubtAboutTick(),
        ]
        return (configuration, warnings: settings.warnings() + doubts.compactMap(\.self))
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

    private mutating func takeLog(from settings: Settings) throws(ConfigurationError) {
        if let setting = settings["logfile"] {
            let path = try setting.text()
            // The original takes an empty one as none.
            logfile = path.isEmpty ? nil : path
        }
        if let setting = settings["loglevel"] {
            loglevel = try setting.logLevel()
        }
        if let setting = settings["log_format"] {
            reports.format = try setting.logFormat()
        }
        if let setting = settings["syslog"] {
            reports.syslog = try setting.syslogTarget()
        }
        if let setting = settings.inFile("hooks") {
            reports.hooks = try setting.hooks()
        }
        if let setting = settings["metrics_directory"] {
            let path = try setting.text()
            reports.metricsFolder = path.isEmpty ? nil : path
        }
    }

    private mutating func takeTimes(from settings: Settings) throws(ConfigurationError) {
        if let setting = settings["resources_wait_timeout"] {
            let limit = try setting.duration()
            resourcesWait = limit == .seconds(0) ? .forever : limit
        }
        if let setting = settings["termination_timeout"] {
            terminationTimeoutSeconds = try setting.seconds(in: 0...Self.yearSeconds)
        }
        if let setting = settings["session_timeout"] {
            sessionTimeoutSeconds = try setting.seconds(in: 1...Self.daySeconds)
        }
        if let setting = settings["ownership_term"] {
            ownershipTermSeconds = try setting.seconds(in: Self.shortestTermSeconds...Self.daySeconds)
        }
        if let setting = settings["server_tick"] {
            serverTickMilliseconds = Int(try setting.tickMilliseconds())
        }
        if let setting = settings["connect_timeout"] {
            connectTimeout = try setting.duration()
        }
        if let setting = settings["on_unavailable"] {
            onUnavailable = try setting.unavailability()
        }
    }
}

/// A configuration that cannot be used. One line that names the place and the key and says what to do.
package struct ConfigurationError: Error, Equatable {
    package let message: String
}
