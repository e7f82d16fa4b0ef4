import Steering
package import Text

/// `check runs`: the crontabs are the expectation; what was due and has not run is a finding.
package struct RunsCheck {
    private let macros: Macros
    private let grace: Int64
    private let zones: CrontabZones
    private var findings: [Finding] = []
    private var lines: [CrontabExpectation] = []
    private var fileCount = 0
    private var lineCount = 0
    private var unchecked = 0
    private var late = 0
    private var fleetCount = 0

    /// - Parameters:
    ///   - macros: this host's, for the groups and resources of a line.
    ///   - grace: how late a run may start, in seconds.
    package init(macros: Macros, grace: Int64, zones: CrontabZones) {
        (self.macros, self.grace, self.zones) = (macros, grace, zones)
    }

    /// - Parameter written: when the file was written last, in seconds since the epoch; nil if nobody knows.
    package mutating func add(path: String, format: CrontabFile.Format? = nil, written: Int64?) {
        do throws(Objection) {
            let (name, bytes) = try CrontabFile.read(path: path)
            add(CrontabFile(bytes, format: format ?? .of(path: path)), name: name, written: written)
        } catch {
            fileCount += 1
            findings.append(Finding(.unknown, path, error.problem))
        }
    }

    mutating func add(_ file: CrontabFile, name: String, written: Int64?) {
        fileCount += 1
        // Some crons then ignore the whole file.
        for fault in file.faults where fault.severity == .critical {
            findings.append(Finding(.warning, "\(name):\(fault.line)", "\(fault.problem) (check crontab has more)"))
        }
        for entry in file.entries {
            let place = "\(name):\(entry.line)"
            let search = SwitchmanSearch(entry.command, environment: entry.environment)
            let odd = [search.problem, search.oddities.first, search.missed.first.map { _ in "is its switchman one?" }]
            if let problem = odd.compactMap({ $0 }).first, CrontabCheck.mentions(entry.command) {
                (lineCount, unchecked) = (lineCount + 1, unchecked + 1)
                findings.append(Finding(.ok, place, "not checked as a whole: \(problem) (check crontab has more)"))
            }
            for call in search.calls {
                lineCount += 1
                do throws(Objection) {
                    lines.append(try CrontabExpectation(call, entry, place: place, fileWritten: written))
                } catch {
                    unchecked += 1
                    findings.append(Finding(.ok, place, "not checked, since \(error.problem)"))
                }
            }
        }
    }

    /// Reads each line's fleet, once, and holds the lines against it.
    ///
    /// - Parameter config: the configuration of lines that name none; nil for the usual one.
    package mutating func consult(config: String?, _ read: (CrontabNeed.Fleet) throws -> RunsSight) rethrows {
        var fleets: [CrontabNeed.Fleet] = []
        for line in lines where !fleets.contains(line.need.fleet) { fleets.append(line.need.fleet) }
        fleetCount = fleets.count
        for fleet in fleets {
            let mine = lines.filter { $0.need.fleet == fleet }
            switch try read(fleet) {
            case .failed(let severity, let why):
                unchecked += mine.count
                let words = mine.count == 1 ? "1 line is" : "\(mine.count) lines are"
                findings.append(
                    Finding(severity, "", "\(words) not checked, since the fleet could not be read: \(why)"))
            case .read(let status, let now, let clock, let hasOriginals):
                let judge = CrontabLateness(
                    status: status, nowSeconds: now / 1000, hasOriginals: hasOriginals, grace: grace, zones: zones,
                    fleet: CrontabFleet(data: status.fleet, macros: macros, config: fleet.config ?? config),
                    expected: Set(mine.map { ExactName($0.lockname) }))
                for finding in mine.compactMap({ judge.finding(on: $0) }) {
                    if finding.severity == .ok { unchecked += 1 } else { late += 1 }
                    findings.append(finding)
                }
                if clock == .host {
                    findings.append(Finding(.ok, "", "the time is this host's; ZooKeeper's is unknown"))
                }
            }
        }
    }

    package func verdict() -> Verdict {
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        let files = count(fileCount, "file")
        let summary =
            lineCount == 0
            ? "no switchman in \(files)"
            : "\(late) of \(count(lineCount, "line")) late, in \(files)"
                + (unchecked == 0 ? "" : " (\(unchecked) not checked)")
        return Verdict(
            check: "runs", summary: summary, findings: findings,
            facts: [
                "files": .integer(Int64(fileCount)), "lines": .integer(Int64(lineCount)), "late": .integer(Int64(late)),
                "unchecked": .integer(Int64(unchecked)), "fleets": .integer(Int64(fleetCount)),
            ])
    }
}
