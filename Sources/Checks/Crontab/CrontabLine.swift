import Invocation
import Recipes
import Steering
import Text

/// What is to be said of one command line of switchman's, by the code that runs it.
struct CrontabLine {
    /// This host's, since a lease counts its processors.
    let macros: Macros
    /// Whether hosts with the Perl original read the same crontab; the text is the line's own configuration file, if any.
    let servesOriginals: (String?) -> Bool
    let host: CrontabHost

    struct Reading {
        var findings: [(severity: Severity, message: String)] = []
        /// The lock, and what runs under it, if both are known.
        var job: Job?
        /// What the switchman runs.
        var inner: (words: [ShellWord], isForShell: Bool)?
        var need: CrontabNeed?
    }

    /// What competes with other lines.
    struct Job: Equatable {
        let config: [UInt8]
        let lockname: [UInt8]
        let isDefaultName: Bool
        let command: [[UInt8]]
        /// What it comes after, as far as it stands in the line.
        let after: EarlierJobs
        let hasTicks: Bool
        let waitsForever: Bool
        /// Nil where nobody can tell.
        let due: CrontabDue?
    }

    func read(_ call: SwitchmanCall, of entry: CrontabFile.Entry) -> Reading {
        let schedule = entry.schedule
        var reading = Reading()
        let arguments: Arguments
        judgePath(of: call, &reading)
        do throws(UsageError) {
            guard case .run(let parsed) = try Arguments.parse(Self.filledWords(of: call)) else {
                return reading
            }
            arguments = parsed
        } catch {
            // `$OPTIONS` may become anything, or several words.
            let isSure = !call.words.contains(where: \.isSplit)
            reading.findings.append(
                (isSure ? .critical : .warning, isSure ? error.message : error.message + Self.unsure))
            return reading
        }
        let command = Array(call.words.suffix(arguments.command.count))
        let options = call.words.dropFirst().dropLast(command.count)
        let isForShell = arguments.command.count != arguments.commandVector.count
        if let problem = (options + command.prefix(1)).lazy.compactMap({ LookAlike.objection(to: $0) }).first {
            reading.findings.append((.critical, problem))
            return reading
        }
        if !isForShell, let problem = Self.objection(to: command) {
            reading.findings.append((.critical, problem))
        } else if !isForShell {
            judgeProgram(command, call, &reading)
        }
        reading.inner = (command, isForShell)
        judgeName(arguments, command, &reading)
        judgeLeases(arguments, Array(options), &reading)
        judgeInterval(arguments, schedule, &reading)
        judgePeriod(arguments, schedule, &reading)
        judgeWait(arguments, Array(options), &reading)
        judgeOutput(of: call, arguments, &reading)
        reading.need = CrontabNeed(
            call, group: arguments.group, config: arguments.config, leases: arguments.leases, options: Array(options),
            lockname: Self.lockname(arguments, command, Array(options)))
        judgeConfiguration(&reading)
        let config = arguments.config.map { Array($0.utf8) } ?? call.environment[Array("SWITCHMAN_CONFIG".utf8)]
        if servesOriginals(config.map { String(decoding: $0, as: UTF8.self) }) {
            judgeForOriginals(arguments, Array(options), &reading)
        }
        if arguments.takesLock, !(arguments.lockname == nil ? command[0] : ShellWord()).isDynamic {
            reading.job = Job(
                config: config ?? [], lockname: arguments.effectiveLockname, isDefaultName: arguments.lockname == nil,
                command: command.map(\.source),
                after: options.contains(where: \.isDynamic) ? EarlierJobs() : arguments.after ?? EarlierJobs(),
                hasTicks: arguments.oncePer != nil, waitsForever: arguments.wait == .forever,
                due: CrontabDue(call, of: entry, arguments))
        }
        return reading
    }

    /// A good duration, number and name at once.
    private static let filler = "1"

    /// With something in the place of what only the shell knows.
    static func filledWords(of call: SwitchmanCall) -> [[UInt8]] { call.words.map { $0.filled(with: filler) } }

    private static let unsure = " (if the shell does not put something else there)"

    // MARK: - Names

    private func judgeName(_ arguments: Arguments, _ command: [ShellWord], _ reading: inout Reading) {
        let isDefault = arguments.lockname == nil
        // Nobody knows what $JOB is; and a name that was given may be anything once the shell is done with it.
        if isDefault, command[0].isDynamic { return }
        let name = arguments.effectiveLockname
        do throws(LockNameError) {
            _ = try LockName(bytes: name)
        } catch {
            reading.findings.append((.critical, error.message))
            return
        }
        guard isDefault, arguments.takesLock || !arguments.leases.isEmpty else { return }
        if arguments.commandVector.count != arguments.command.count, command[0].bytes.contains(UInt8(ascii: "/")) {
            reading.findings.append(
                (
                    .warning,
                    "the lock would be called \"\(Excerpt.of(name))\", the part behind the last slash; name it with --lockname"
                ))
        } else if Self.isSharedByMany(name) {
            reading.findings.append(
                (
                    .warning,
                    "the lock would be called \"\(Excerpt.of(name))\", as for every other job that runs this program; name it with "
                        + "--lockname"
                ))
        }
    }

    /// Nil if only the shell knows it, or if no run takes it.
    static func lockname(_ arguments: Arguments, _ command: [ShellWord], _ options: [ShellWord]) -> String? {
        let isCertain =
            arguments.lockname.map { name in
                options.contains { !$0.isDynamic && $0.bytes.reversed().starts(with: name.reversed()) }
            } ?? !command[0].isDynamic
        return isCertain ? (try? LockName(bytes: arguments.effectiveLockname))?.text : nil
    }

    /// Interpreters and launchers: their name says nothing of the job.
    private static func isSharedByMany(_ name: [UInt8]) -> Bool {
        let text = String(decoding: name, as: UTF8.self)
        let plain = text.utf8.reversed().drop { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }.reversed()
        let word = String(decoding: Array(plain), as: UTF8.self)
        return interpreters.contains(word) || Launcher.known[text] != nil
    }

    private static let interpreters: Set<String> = [
        "python", "perl", "ruby", "php", "node", "nodejs", "java", "mono", "dotnet", "lua", "tclsh", "Rscript", "deno",
        "bun",
        "pwsh", "make", "docker", "podman", "bundle", "rake", "npm", "npx", "yarn", "uv", "poetry", "pipenv", "ssh",
        "rsync",
        "curl", "wget", "psql", "mysql", "busybox",
    ]

    // MARK: - Leases

    private func judgeLeases(_ arguments: Arguments, _ options: [ShellWord], _ reading: inout Reading) {
        do throws(LeaseError) {
            var requests: [LeaseRequest] = []
            for text in arguments.leases { requests.append(try LeaseRequest.parse(text, macros: macros)) }
            _ = try LeaseRequest.unique(requests)
        } catch {
            let isSure = !options.contains(where: \.isDynamic)
            reading.findings.append(
                (isSure ? .critical : .warning, isSure ? error.message : error.message + Self.unsure))
        }
    }

    // MARK: - Originals

    /// The options of App::Switchman 1.16.
    private static let originalOptions = [
        "config", "group", "help", "lease", "lockname", "lock", "no-lock", "nolock", "version",
    ]
    /// It evaluates Perl, into which it imports List::Util's max and nothing else that we know.
    private static let unknownFunctions = ["min", "floor", "ceil", "round"]

    private func judgeForOriginals(_ arguments: Arguments, _ options: [ShellWord], _ reading: inout Reading) {
        for word in options where word.bytes.first == UInt8(ascii: "-") && word.bytes != Array("--".utf8) {
            let name = String(
                decoding: word.bytes.drop { $0 == UInt8(ascii: "-") }.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
            if !name.isEmpty, !Self.originalOptions.contains(where: { $0.hasPrefix(name) }) {
                reading.findings.append(
                    (
                        .warning,
                        "the original does not know the option \(Excerpt.of(word.bytes)), and would not start the job"
                    ))
            }
        }
        for text in arguments.leases {
            let value = text.drop { $0 != "=" }.dropFirst()
            if !value.contains(":") {
                reading.findings.append(
                    (
                        .warning,
                        "--lease \"\(Excerpt.of(text))\": the original needs a total; write RESOURCE=COUNT:TOTAL"
                    ))
            }
            let words = value.split(whereSeparator: { !($0.isLetter || $0.isNumber) }).map(String.init)
            if words.contains("TOTAL") {
                reading.findings.append(
                    (
                        .warning,
                        "--lease \"\(Excerpt.of(text))\": the original does not know TOTAL in COUNT; write the number"
                    ))
            }
            for word in words
            where Self.unknownFunctions.contains(word) {
                reading.findings.append(
                    (
                        .warning,
                        "--lease \"\(Excerpt.of(text))\": the original does not know \(word)(); it knows int(), abs(), max() and ?:"
                    ))
            }
        }
    }
}
