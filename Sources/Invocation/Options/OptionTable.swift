import Host
import Recipes
import Text

extension Option {
    private static let daySeconds: Int64 = 86_400
    /// Only there so that arithmetic with it cannot overflow.
    private static let yearSeconds: Int64 = 366 * daySeconds

    /// In the groups and in the order of the help and of the manual page. Docs/Architecture.md says how to add one.
    static let groups: [OptionGroup] = [
        OptionGroup(title: "Which job, and where", options: whichJob),
        OptionGroup(title: "Waiting and sharing", options: sharing),
        OptionGroup(title: "How often, and for how long", options: repetition),
        OptionGroup(title: "What happens to the command", options: command),
        OptionGroup(title: "What is told", options: report),
    ]

    static let all = groups.flatMap(\.options)

    private static let whichJob: [Option] = [
        Option(
            name: "--config", short: "c", abbreviations: ["--c", "--co", "--con", "--conf"],
            value: .text("FILE") { $0.config = $1 },
            help: "default: $SWITCHMAN_CONFIG, /etc/switchman.conf"),
        Option(
            name: "--group", short: "g",
            value: .text("GROUP") { $0.group = $1 },
            help: "run only on hosts of this group"),
        Option(
            name: "--lockname",
            value: .bytes("NAME") { $0.lockname = $1 },
            help: "default: the command's base name"),
        Option(
            name: "--no-lock", aliases: ["--nolock"], abbreviations: ["--no"],
            value: .none { $0.takesLock = false },
            help: "without the lock"),
        Option(
            name: "--lock",
            value: .none { $0.takesLock = true },
            help: "with the lock, the default"),
    ]

    private static let sharing: [Option] = [
        Option(
            name: "--wait", abbreviations: ["--w", "--wa", "--wai"],
            value: .time { $0.wait = $1 },
            help: "wait for the lock in a fair queue; default: 0: skip"),
        Option(
            name: "--waiters",
            value: .number(1...1_000_000) { $0.waiters = $1 },
            help: "skip if N others wait for the lock already"),
        Option(
            name: "--lease", abbreviations: ["--le", "--lea", "--leas"],
            value: .text("RESOURCE=COUNT[:TOTAL]") { $0.leases.append($1) },
            help: """
                take COUNT of TOTAL permits first; repeatable.
                Arithmetic with CPU and MEMMB, as in CPU-1:CPU;
                FQDN, CPU, MEMMB are replaced in RESOURCE.
                Default TOTAL: what the fleet's data declares
                """),
        Option(
            name: "--lease-wait",
            value: .time { $0.leaseWait = $1 },
            help: """
                how long to wait for all leases together; 0: try
                once. Default: the configuration's
                resources_wait_timeout, or forever
                """),
    ]

    private static let repetition: [Option] = [
        Option(
            name: "--min-interval",
            value: .seconds(1...yearSeconds) { $0.minInterval = $1 },
            help: """
                skip if the last start was less than TIME ago,
                anywhere, by ZooKeeper's clock
                """),
        Option(
            name: "--once-per",
            value: .period { $0.oncePer = $1 },
            help: """
                one start, anywhere, for each hour, day, week,
                month, 15m, 6h, ... of the clock
                """),
        Option(
            name: "--after",
            value: .jobs { $0.after = $1.added(to: $0.after) },
            help: """
                skip unless each of these jobs has succeeded since
                the last start
                """),
        Option(
            name: "--retry-failed",
            value: .none { $0.retryFailed = true },
            help: "a last run that failed or was lost does not count"),
        Option(
            name: "--splay",
            value: .seconds(0...daySeconds) { $0.splay = $1 },
            help: """
                begin after a delay below TIME, always the same
                for this host and lockname
                """),
        Option(
            name: "--timeout",
            value: .time { $0.timeout = $1 },
            help: "end COMMAND after TIME; 0, the default: never"),
        Option(
            name: "--retries",
            value: .number(0...1_000_000) { $0.retries = $1 },
            help: "run it again, up to N times, if it failed"),
        Option(
            name: "--retry-delay",
            value: .seconds(0...daySeconds) { $0.retryDelay = $1 },
            help: """
                before the first of them, then twice as long each
                time, up to 5 minutes; default: 1s
                """),
        Option(
            name: "--success",
            value: .codes { $0.success = $1.added(to: $0.success) },
            help: "exit codes that are a success beside 0: 1,3-5"),
        Option(
            name: "--no-retry",
            value: .codes { $0.noRetry = $1.added(to: $0.noRetry) },
            help: "exit codes after which --retries ends"),
    ]

    private static let command: [Option] = [
        Option(
            name: "--term",
            // With `forever` a crash would block the job for good.
            value: .seconds(Term.secondsMin...Term.secondsMax) { $0.term = $1 },
            help: """
                for how long ownership outlives an outage, and a
                successor waits after a crash; default: the
                configuration's ownership_term
                """),
        Option(
            name: "--descendants",
            value: .oneOf(Arguments.Descendants.self) { $0.descendants = $1 },
            help: """
                what to do with processes that outlive COMMAND;
                default: wait
                """),
        Option(
            name: "--keep-output",
            value: .size(1...KeptOutput.bytesMax) { $0.keptOutput = $1 },
            help: """
                if COMMAND fails, keep the last SIZE of its output
                for switchmanctl output; at most 32k
                """),
        Option(
            name: "--on-unavailable",
            value: .oneOf(Unavailability.self) { $0.onUnavailable = $1 },
            help: "if ZooKeeper is not reached; default: fail"),
        Option(
            name: "--on-group-exit",
            value: .oneOf(Arguments.GroupExit.self) { $0.onGroupExit = $1 },
            help: "if this host leaves the group; default: stop"),
    ]

    private static let report: [Option] = [
        Option(
            name: "--dry-run",
            value: .none { $0.isDryRun = true },
            help: "say what would happen and why, and take nothing"),
        Option(
            name: "--skip-exit-code", short: "E", aliases: ["--conflict-exit-code"],
            value: .number(0...255) { $0.skipExitCode = UInt8(exactly: $1) },
            help: "the exit code of every skip; default: 0"),
        Option(
            name: "--exit-code",
            value: .outcomeAndCode { $0.exitCodes[$1] = $2 },
            help: "the exit code of one outcome; repeatable"),
        Option(
            name: "--verbose",
            value: .none { $0.verbosity = .verbose },
            help: "info too, on standard error"),
        Option(
            name: "--quiet",
            value: .none { $0.verbosity = .quiet },
            help: "errors only, on standard error"),
        Option(
            name: "--help", short: "h",
            value: .answer(.help),
            help: "print this"),
        Option(
            name: "--version", short: "v", abbreviations: ["--v"],
            value: .answer(.version),
            help: "print the version"),
    ]
}
