import Recipes
package import Text

/// `check crontab`: reads crontabs as cron and the shell will, and their switchmen as switchman will.
package struct CrontabCheck {
    private let line: CrontabLine
    private var findings: [Finding] = []
    private(set) var jobs: [(job: CrontabLine.Job, place: String)] = []
    private var needs: [(need: CrontabNeed, place: String)] = []
    private var fleetCount = 0
    private var fileCount = 0
    private var callCount = 0

    /// Of one line: nobody nests more, and each of `switchman switchman ...` is read anew.
    private static let mostCalls = 100

    /// - Parameter servesOriginals: whether hosts with the Perl original read the same crontabs, by the line's own
    ///   configuration file, if it names one.
    package init(macros: Macros, servesOriginals: @escaping (String?) -> Bool, host: CrontabHost) {
        line = CrontabLine(macros: macros, servesOriginals: servesOriginals, host: host)
    }

    package mutating func add(path: String, format: CrontabFile.Format? = nil) {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        if parts.count >= 2, parts[parts.count - 2] == "cron.d",
            let (severity, problem) = CrontabFile.objection(toName: parts[parts.count - 1])
        {
            findings.append(Finding(severity, path, problem))
        }
        do throws(Objection) {
            let (name, bytes) = try CrontabFile.read(path: path)
            add(bytes, name: name, format: format ?? .of(path: path))
        } catch {
            fileCount += 1
            findings.append(Finding(.unknown, path, error.problem))
        }
    }

    package mutating func add(_ bytes: [UInt8], name: String, format: CrontabFile.Format) {
        fileCount += 1
        let file = CrontabFile(bytes, format: format)
        var found = file.faults.map { ($0.line, Finding($0.severity, "\(name):\($0.line)", $0.problem)) }
        for entry in file.entries {
            for (severity, message) in read(entry, place: "\(name):\(entry.line)", format: format) {
                found.append((entry.line, Finding(severity, "\(name):\(entry.line)", message)))
            }
        }
        var said: Set<String> = []
        for (_, finding) in found.sorted(by: { $0.0 < $1.0 }) {
            // Once for a file: it is the same for all of its lines.
            let isOfAll =
                finding.message.contains("crontab's PATH") || finding.message.hasPrefix(CrontabLine.ofThisHost)
            if isOfAll, !said.insert(finding.message).inserted { continue }
            findings.append(finding)
        }
    }

    /// Holds the lines against their fleets' data, each read once, and only if a line needs it, or all of them with `pausesCount`.
    ///
    /// - Parameters:
    ///   - config: the configuration of lines that name none; nil for the usual one.
    ///   - pausesCount: every line's fleet is read, and what is paused or drained there is a finding.
    package mutating func consult(
        config: String?, pausesCount: Bool = false, _ read: (CrontabNeed.Fleet) throws -> FleetSight
    ) rethrows {
        var asked: [CrontabNeed.Fleet] = []
        var fleets: [CrontabNeed.Fleet: CrontabFleet] = [:]
        for (need, place) in needs where pausesCount || !need.isEmpty {
            if !asked.contains(need.fleet) {
                asked.append(need.fleet)
                switch try read(need.fleet) {
                case .read(let data):
                    fleets[need.fleet] = CrontabFleet(
                        data: data, macros: line.macros, config: need.fleet.config ?? config)
                case .failed(let severity, let why):
                    // It says of a configuration that is not there what has been noted of it.
                    let path = need.fleet.config ?? config ?? line.host.configuration
                    findings.removeAll { $0.message == CrontabLine.missing(configuration: path) }
                    findings.append(
                        Finding(severity, "", "groups and resources are not checked against the fleet's data: \(why)"))
                }
            }
            guard let fleet = fleets[need.fleet] else { continue }
            let standstills = pausesCount ? fleet.standstills(of: need) : []
            findings += (fleet.findings(on: need) + standstills).map { Finding(.warning, place, $0) }
        }
        for fleet in pausesCount ? asked : [] {
            let names = needs.filter { $0.need.fleet == fleet }.compactMap(\.need.lockname)
            let found = fleets[fleet]?.standstills(ofLocknames: names) ?? []
            findings += found.map { Finding(.warning, "", $0) }
        }
        fleetCount = fleets.count
    }

    package func verdict() -> Verdict {
        let all = findings + sharedNames() + brokenChains()
        let errors = all.count { $0.severity == .critical }
        let warnings = all.count { $0.severity == .warning }
        let files = "\(fileCount) \(fileCount == 1 ? "file" : "files")"
        let counts =
            [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
        let calls =
            callCount == 0
            ? "no switchman in \(files)" : "\(callCount) switchman \(callCount == 1 ? "line" : "lines") in \(files)"
        return Verdict(
            check: "crontab",
            summary: counts.isEmpty ? calls : callCount == 0 ? "\(counts); \(calls)" : "\(counts) in \(calls)",
            findings: all,
            facts: [
                "files": .integer(Int64(fileCount)), "lines": .integer(Int64(callCount)),
                "fleets": .integer(Int64(fleetCount)),
            ])
    }

    // MARK: - One line

    private mutating func read(
        _ entry: CrontabFile.Entry, place: String, format: CrontabFile.Format
    ) -> [(Severity, String)] {
        // Lines that have nothing to do with us are none of our business.
        var search = SwitchmanSearch(entry.command, environment: entry.environment)
        if let problem = search.problem, Self.mentions(entry.command) {
            // And then it starts nothing of the line.
            let hint = entry.isCut ? " (a bare % ends the command of a crontab; write \\%)" : ""
            return [(.critical, "the shell cannot read the command: \(problem)\(hint)")]
        }
        var found: [(Severity, String)] = []
        for oddity in search.oddities { found.append((.critical, oddity)) }
        for follower in search.followers { found.append(Self.warning(of: follower)) }
        // Of each call the one that runs it, and the lock of each.
        var outer: [Int?] = search.calls.map { _ in nil }
        var locks: [CrontabLine.Job?] = []
        var next = 0
        while next < min(search.calls.count, Self.mostCalls) {
            let call = search.calls[next]
            let reading = line.read(call, of: entry)
            found += reading.findings.map { ($0.severity, $0.message) }
            if let job = reading.job { jobs.append((job, place)) }
            if let need = reading.need { needs.append((need, place)) }
            locks.append(reading.job)
            if let job = reading.job, Self.isHeld(job, from: outer[next], outer, locks) {
                found.append(
                    (
                        .critical,
                        "the lock \"\(Excerpt.of(job.lockname))\" is held by the switchman that runs this one, "
                            + "so that it never starts anything"
                    ))
            }
            if let inner = reading.inner { search.look(inCommand: inner.words, isForShell: inner.isForShell, of: call) }
            outer += Array(repeating: next, count: search.calls.count - outer.count)
            next += 1
        }
        callCount += search.calls.count
        if entry.isCut, !search.calls.isEmpty {
            found.append(
                (
                    .warning,
                    "a bare % ends the command of a crontab, the rest is its standard input; write \\% if it is not"
                ))
        }
        if let word = search.missed.first { found.append((.warning, missed(word, format: format))) }
        return found
    }

    private static func isHeld(
        _ job: CrontabLine.Job, from call: Int?, _ outer: [Int?], _ locks: [CrontabLine.Job?]
    ) -> Bool {
        var call = call
        while let index = call {
            if let lock = locks[index], lock.lockname == job.lockname, lock.config == job.config { return true }
            call = outer[index]
        }
        return false
    }

    /// A skip exits with 0: flock -n with 1.
    private static func warning(of follower: SwitchmanFollower) -> (Severity, String) {
        let command = Excerpt.of(follower.command)
        let remedy = "put all of it into one quoted word, or give skips a code with -E"
        return switch follower.connector {
        case .and: (.warning, "\"\(command)\" behind && runs without the lock, and after a skip as well; \(remedy)")
        case .sequence: (.warning, "\"\(command)\" runs without the lock, whatever switchman's result; \(remedy)")
        case .or: (.warning, "\"\(command)\" behind || runs without the lock; put all of it into one quoted word")
        case .pipe, .none:
            (
                .ok,
                "\"\(command)\" behind | runs without the lock, and on every host; "
                    + "put all of it into one quoted word if that matters"
            )
        }
    }

    private func missed(_ word: ShellWord, format: CrontabFile.Format) -> String {
        let hint = format == .user ? "; if the file has a column for the user, say --system" : ""
        return "\"\(Excerpt.of(word.source))\" is not checked, since what stands before it is not understood\(hint)"
    }

    static func mentions(_ command: [UInt8]) -> Bool {
        let name = Array("switchman".utf8)
        return command.indices.contains { command[$0...].starts(with: name) }
    }

    // MARK: - All lines

    /// Two jobs that lock each other out by accident: nobody chose their common name.
    private func sharedNames() -> [Finding] {
        var first: [[[UInt8]]: (command: [[UInt8]], place: String)] = [:]
        var shared: [Finding] = []
        for (job, place) in jobs where job.isDefaultName {
            let key = [job.config, job.lockname]
            guard let earlier = first[key] else {
                first[key] = (job.command, place)
                continue
            }
            if earlier.command != job.command {
                shared.append(
                    Finding(
                        .warning, place,
                        "takes the lock \"\(Excerpt.of(job.lockname))\", as the other command at \(earlier.place) does, so that "
                            + "one is skipped while the other runs; name them with --lockname"))
            }
        }
        return shared
    }
}
