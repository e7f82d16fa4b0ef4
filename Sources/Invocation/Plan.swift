package import Coordination
import Glibc
package import Host
package import Recipes
package import Run
import Text

/// What is going to be done, decided before anything is started: the command line and the configuration, put together.
package struct Plan: Sendable {
    package let job: Job
    package let servers: [Server]
    package let sessionTimeout: Duration
    package let access: Access
    /// Whether there are credentials or a key in memory.
    package let holdsSecrets: Bool
    package let grace: Duration
    package let descendants: Descendants
    package let verbosity: Arguments.Verbosity
    package let logfile: String?
    package let loglevel: LogLevel
    package let reports: Reports
    package let warnings: [String]
    /// The configuration file, as an absolute path, if there is one.
    package let configPath: String?
    /// What is executed: the command's first word, or the shell for one that needs it.
    package let program: [UInt8]
    /// Where its tree is held.
    package let cgroup: CgroupSetting
    /// The delay before connecting is below this.
    package let splay: Duration
    package let codes: ExitCode
    package let isDryRun: Bool

    private static let retryDelaySeconds: Int64 = 1

    package init(_ arguments: Arguments, environment: [String: String]) throws(PlanError) {
        // Before anything that may take its time.
        let clock = arguments.oncePer.map { _ in TickClock() }
        let lockname: LockName
        do {
            lockname = try LockName(bytes: arguments.effectiveLockname)
        } catch {
            throw PlanError(outcome: .usage, message: error.message)
        }
        let cpuCount = HostResources.cpuCount()
        let memoryMB = arguments.leases.isEmpty ? 0 : HostResources.memoryMB()
        let configuration: Configuration
        do {
            (configuration, warnings) = try Configuration.load(path: arguments.config, environment: environment)
        } catch {
            // Usage is decided first, and most of a lease can be read without knowing this host's name.
            _ = try Self.leases(arguments, Macros(fqdn: "FQDN", cpuCount: cpuCount, memoryMB: memoryMB))
            throw PlanError(outcome: .badConfig, message: error.message)
        }
        let macros = Macros(
            fqdn: try Self.fqdn(configuration, arguments), cpuCount: cpuCount, memoryMB: memoryMB)
        var job = Job(
            lockname: lockname.text, takesLock: arguments.takesLock, leases: try Self.leases(arguments, macros),
            group: arguments.group, leaseWait: (arguments.leaseWait ?? configuration.resourcesWait).duration,
            term: Term(seconds: arguments.term ?? configuration.ownershipTermSeconds),
            mixedFleet: configuration.mixedFleet,
            relay: configuration.relay, dataReadLimit: configuration.dataReadLen,
            connectTimeout: configuration.connectTimeout.duration ?? .seconds(Int64(Int32.max)), macros: macros,
            host: macros.fqdn, pid: getpid(), layout: Layout(prefix: configuration.prefix),
            servers: configuration.zkhosts.map(\.text).joined(separator: ","))
        job.lockWait = arguments.wait ?? .seconds(0)
        job.waiters = arguments.waiters
        job.minInterval = arguments.minInterval.map { .seconds($0) }
        if let clock, let period = arguments.oncePer {
            guard let oncePer = clock.oncePer(period) else {
                throw PlanError(
                    outcome: .osError, message: "--once-per: this host's clock shows no year after 1970; set it")
            }
            job.oncePer = oncePer
        }
        job.after = arguments.after ?? EarlierJobs()
        job.retriesFailed = arguments.retryFailed
        if case .seconds(let limit)? = arguments.timeout, limit > 0 { job.timeout = .seconds(limit) }
        job.retries = arguments.retries ?? 0
        job.retryDelay = .seconds(arguments.retryDelay ?? Self.retryDelaySeconds)
        job.successCodes = arguments.success ?? CodeList()
        job.noRetryCodes = arguments.noRetry ?? CodeList()
        job.keptOutputBytes = arguments.keptOutput
        job.wallMilliseconds = { WallClock.milliseconds }
        job.outerSession = environment["SWITCHMAN_SESSION_ID"]
        job.stopsOnGroupExit = arguments.onGroupExit != .finish
        self.job = job
        splay = .seconds(arguments.splay ?? 0)
        codes = ExitCode(arguments, onUnavailable: configuration.onUnavailable)
        isDryRun = arguments.isDryRun
        servers = configuration.entries
        sessionTimeout = .seconds(configuration.sessionTimeoutSeconds)
        access = configuration.access
        holdsSecrets = !access.credentials.isEmpty || configuration.encryption?.identity != nil
        grace = .seconds(configuration.terminationTimeoutSeconds)
        descendants =
            switch arguments.descendants {
            case .wait: .wait
            case .kill: .kill
            case .leave: .leave
            }
        verbosity = arguments.verbosity
        logfile = configuration.logfile
        loglevel = configuration.loglevel
        reports = configuration.reports
        configPath = Self.configPath(arguments, environment)
        program = arguments.commandVector[0]
        cgroup = configuration.cgroup
    }

    private static func leases(_ arguments: Arguments, _ macros: Macros) throws(PlanError) -> [LeaseRequest] {
        do throws(LeaseError) {
            var requests: [LeaseRequest] = []
            for text in arguments.leases { requests.append(try LeaseRequest.parse(text, macros: macros)) }
            return try LeaseRequest.unique(requests)
        } catch {
            throw PlanError(outcome: .usage, message: error.message)
        }
    }

    /// A host that cannot tell its full name may run what does not depend on it.
    private static func fqdn(_ configuration: Configuration, _ arguments: Arguments) throws(PlanError) -> String {
        let patience = min(configuration.connectTimeout.duration ?? .seconds(10), .seconds(10))
        if let name = configuration.fqdn ?? Hostname.fqdn(within: patience) { return name }
        if arguments.group != nil || arguments.leases.contains(where: { $0.contains("FQDN") }) {
            throw PlanError(
                outcome: .badConfig,
                message:
                    "cannot determine this host's fully qualified name; set fqdn in the configuration, or /etc/hosts"
            )
        }
        var names = utsname()
        guard unsafe uname(&names) == 0 else { return "localhost" }
        return unsafe withUnsafeBytes(of: &names.nodename) { raw in
            unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private static func configPath(_ arguments: Arguments, _ environment: [String: String]) -> String? {
        guard let path = arguments.config ?? environment["SWITCHMAN_CONFIG"] ?? Optional(Configuration.defaultPath),
            unsafe Glibc.access(path, R_OK) == 0
        else { return nil }
        if path.hasPrefix("/") { return path }
        guard let directory = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(directory) }
        return unsafe "\(String(cString: directory))/\(path)"
    }
}

/// Why there is nothing to be done, with the outcome that this is.
package struct PlanError: Error {
    package let outcome: Outcome
    package let message: String
}

extension Configuration {
    /// Whom a client connects to, and how.
    package var entries: [Server] {
        zkhosts.map { Server(host: $0.host, port: $0.port, encryption: encryption) }
    }
}
