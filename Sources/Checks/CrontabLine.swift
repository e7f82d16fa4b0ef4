import Invocation
import Recipes
import Run
import Steering

/// What is on the host that checks.
package struct CrontabHost {
    /// Whether a file is an executable program.
    let isExecutable: (String) -> Bool
    /// Where switchman may have been installed.
    let folders: [String]

    package init(folders: [String], isExecutable: @escaping (String) -> Bool) {
        (self.folders, self.isExecutable) = (folders, isExecutable)
    }
}

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

    // MARK: - Programs

    /// What no program is called, where the command's name belongs.
    private static func objection(to command: [ShellWord]) -> String? {
        let first = command[0]
        if first.isDynamic { return nil }
        let word = String(decoding: first.bytes, as: UTF8.self)
        if let objection = ShellBuiltin.objection(to: word) { return objection }
        if command.count > 1, first.assignment != nil {
            return
                "\"\(Excerpt.of(first.bytes))\" is taken for the command's name; put it before switchman, or write env "
                + Excerpt.of(first.bytes)
        }
        let name = String(decoding: ShellWord.baseName(first.bytes), as: UTF8.self)
        let isLockFile =
            [".lock", ".lck", ".pid", ".flock"].contains { name.hasSuffix($0) }
            || word.hasPrefix("/run/lock/") || word.hasPrefix("/var/lock/")
        if command.count > 1, isLockFile {
            return
                "\"\(Excerpt.of(first.bytes))\" is taken for the command: flock is given a file, switchman a name, by --lockname"
        }
        return nil
    }

    /// Cron's own, where the crontab sets none (crontab(5), Debian).
    private static let usualPath = "/usr/bin:/bin"

    /// Where a program is to be found, by a PATH that is known; nil if it is nowhere, or if nobody knows.
    private func isMissing(_ program: ShellWord, _ call: SwitchmanCall) -> (Bool, path: String) {
        let path = call.environment[Array("PATH".utf8)] ?? Array(Self.usualPath.utf8)
        let text = String(decoding: path, as: UTF8.self)
        guard call.hasOwnPath, !program.isDynamic, !path.contains(0), !path.contains(UInt8(ascii: "$")) else {
            return (false, text)
        }
        let name = String(decoding: program.bytes, as: UTF8.self)
        // Relative to a folder that nobody knows.
        if name.contains("/") { return (name.hasPrefix("/") && !host.isExecutable(name), text) }
        return (!text.split(separator: ":").contains { host.isExecutable("\($0)/\(name)") }, text)
    }

    /// Elsewhere it is; a crontab of other hosts is not held against this one.
    private func isInstalled(_ name: String) -> Bool { host.folders.contains { host.isExecutable("\($0)/\(name)") } }

    private func judgePath(of call: SwitchmanCall, _ reading: inout Reading) {
        let (isMissing, path) = isMissing(call.words[0], call)
        let name = String(decoding: call.words[0].bytes, as: UTF8.self)
        if isMissing, !name.contains("/"), isInstalled(name) {
            reading.findings.append(
                (
                    .warning,
                    "\(Excerpt.of(call.words[0].bytes)) is not in the crontab's PATH (\(Excerpt.of(Array(path.utf8)))); "
                        + "set PATH in the crontab, or write where it is"
                ))
        }
    }

    private func judgeProgram(_ command: [ShellWord], _ call: SwitchmanCall, _ reading: inout Reading) {
        if !isMissing(call.words[0], call).0, isMissing(command[0], call).0 {
            reading.findings.append((.ok, "there is no \(Excerpt.of(command[0].bytes)) on this host"))
        }
    }

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
