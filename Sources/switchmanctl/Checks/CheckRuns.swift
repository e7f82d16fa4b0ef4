import ArgumentParser
import Checks
import Fleet
import Glibc
import Host
import Invocation
import Run
import Text

struct CheckRuns: CheckVerb {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Whether somebody has run what crontabs say was due.",
        discussion: """
            CRITICAL when nobody has, with the reason where one is known; WARNING when the job is paused or its hosts are \
            drained. Files are read as by check crontab. The DURATION is a number with s, m, h or d.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @Option(help: ArgumentHelp("How late a run may start.", valueName: "duration")) var grace = "10m"
    @Flag(help: "The files have a column for the user.") var system = false
    @Flag(help: "The files have none.") var user = false
    @Argument(help: "The crontabs.", completion: .file()) var files: [String]

    func validate() throws {
        if system && user { throw ValidationError("--system and --user exclude each other; give one of them") }
        if files.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input is read once; name - once") }
    }

    func verdict() throws -> Verdict {
        guard case .seconds(let seconds)? = DurationText.parse(grace) else {
            throw Complaint.failed(
                .usage,
                "invalid value \"\(Excerpt.of(grace))\" for --grace: expected a number with s, m, h or d (10m, 2h)")
        }
        var check = RunsCheck(
            macros: Macros(
                fqdn: Hostname.fqdn() ?? "FQDN", cpuCount: HostResources.cpuCount(), memoryMB: HostResources.memoryMB()),
            grace: min(seconds, Self.longestGrace),
            zones: CrontabZones(
                offset: { ZoneClock.offset(at: $0, in: $1) }, tick: { ZoneClock.tick(at: $0, of: $1, in: $2) }))
        let format: CrontabFile.Format? = system ? .system : user ? .user : nil
        for file in files { check.add(path: file, format: format, written: Self.written(file)) }
        try check.consult(config: configuration.config) { wanted in
            let settings: Configuration
            do throws(ConfigurationError) { settings = try configuration.load(for: wanted) } catch {
                return .failed(.unknown, error.message)
            }
            return try JobsSurvey.ask(settings)
        }
        return check.verdict()
    }

    /// Longer than anything is remembered.
    private static let longestGrace: Int64 = 366 * 86_400

    /// In seconds since the epoch; nil for what is no plain file.
    private static func written(_ path: String) -> Int64? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_mtim.tv_sec)
    }
}
