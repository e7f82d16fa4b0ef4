import ArgumentParser
import Checks
import Fleet
import Glibc
import Host
import Invocation
import Reporting
import Text

struct CheckCrontab: CheckVerb {
    static let configuration = CommandConfiguration(
        commandName: "crontab",
        abstract: "Read crontabs as cron, the shell and switchman will.",
        discussion: """
            Files named crontab in a folder etc, and all in a folder cron.d, have a column for the user; others have \
            none. A FILE of - is standard input. Numbers of processors and of memory are this host's. Where a line \
            has a group or a lease, the fleet's data is read.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @Flag(help: "The files have a column for the user.") var system = false
    @Flag(help: "The files have none.") var user = false
    @Flag(
        help: "Hosts with the Perl original read the files too; implied by mixed_fleet in a line's configuration.")
    var original = false
    @Flag(help: "Do not ask ZooKeeper for the groups and resources that there are.") var offline = false
    @Flag(help: "Read the fleet's data for every line: jobs that are paused, and groups that are drained, count too.")
    var fleet = false
    @Argument(help: "The crontabs.", completion: .file()) var files: [String]

    func validate() throws {
        if system && user { throw ValidationError("--system and --user exclude each other; give one of them") }
        if fleet && offline {
            throw ValidationError("--fleet and --offline exclude each other; give one of them")
        }
        if files.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input is read once; name - once") }
    }

    private static let folders = ["/usr/local/bin", "/usr/local/sbin", "/opt/switchman/bin"]

    func verdict() throws -> Verdict {
        let everywhere = original
        let named = configuration.config
        let usual = named ?? Environment.ofThisProcess()["SWITCHMAN_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        // A file that is not on this host says nothing: the crontabs may be another's.
        var check = CrontabCheck(
            macros: Macros(
                fqdn: Hostname.fqdn() ?? "FQDN", cpuCount: HostResources.cpuCount(), memoryMB: HostResources.memoryMB()),
            servesOriginals: { config in
                everywhere
                    || ((try? Configuration.load(path: config ?? named, environment: [:]))?.0.mixedFleet ?? false)
            },
            host: CrontabHost(
                folders: Self.folders
                    + (ExecFailure.searchPath?.split(separator: ":").map(String.init) ?? []),
                configuration: usual ?? Configuration.defaultPath, isThere: { unsafe access($0, F_OK) == 0 },
                isExecutable: { unsafe access($0, X_OK) == 0 }))
        let format: CrontabFile.Format? = system ? .system : user ? .user : nil
        for file in files { check.add(path: file, format: format) }
        if !offline { try check.consult(config: named, pausesCount: fleet, read) }
        return check.verdict()
    }

    private func read(_ wanted: CrontabNeed.Fleet) throws -> FleetSight {
        let settings: Configuration
        do throws(ConfigurationError) { settings = try configuration.load(for: wanted) } catch {
            // Whoever names a configuration expects it; without one the crontabs may be another host's.
            let named = configuration.config ?? Environment.ofThisProcess()["SWITCHMAN_CONFIG"]
            let path = wanted.config ?? named ?? Configuration.defaultPath
            let isThere = unsafe access(path, F_OK) == 0
            return .failed(fleet || isThere || (wanted.config == nil && named != nil) ? .unknown : .ok, error.message)
        }
        return try FleetSurvey.ask(settings)
    }
}
