import Recipes
import Steering
import Text

/// Holds one line of a crontab against what its fleet remembers of runs.
struct CrontabLateness {
    let status: FleetStatus
    let nowSeconds: Int64
    let hasOriginals: Bool
    /// In seconds.
    let grace: Int64
    let zones: CrontabZones
    let fleet: CrontabFleet
    let locks: [ExactName: LockStatus]
    /// The jobs that lines of the crontabs are for.
    private let expected: Set<ExactName>
    /// Who stands in some queue for permits.
    private let queued: Set<ExactName>

    init(
        status: FleetStatus, nowSeconds: Int64, hasOriginals: Bool, grace: Int64, zones: CrontabZones,
        fleet: CrontabFleet, expected: Set<ExactName>
    ) {
        self.expected = expected
        (self.status, self.nowSeconds, self.hasOriginals) = (status, nowSeconds, hasOriginals)
        (self.grace, self.zones, self.fleet) = (grace, zones, fleet)
        locks = Dictionary(status.locks.map { (ExactName($0.lockname), $0) }, uniquingKeysWith: { first, _ in first })
        queued = Set(status.resources.flatMap { $0.queue.map { ExactName($0.lockname) } })
    }

    /// A record that is older may have been tidied away.
    private static let longestMemory: Int64 = 35 * 86_400
    /// A run may seem to start before it was due: cron goes by one clock and ZooKeeper by another.
    private static let skew: Int64 = 60

    /// Nil: somebody has run it, or may still.
    func finding(on line: CrontabExpectation) -> Finding? {
        let lock = locks[ExactName(line.lockname)]
        var lateness = grace.addedUp(with: line.splay)
        if queued.contains(ExactName(line.lockname)) || !(lock?.waiting.isEmpty ?? true) {
            guard let wait = line.longestWait else {
                let who = queue(line, lock).first ?? "somebody waits"
                return note(line, "is not checked: \(who), and may for as long as it takes")
            }
            lateness = lateness.addedUp(with: wait)
        }
        guard lateness <= Self.longestMemory,
            let due = line.times.lastDue(
                from: nowSeconds - Self.longestMemory, by: nowSeconds - lateness,
                offset: { zones.offset($0, line.zone) })
        else { return note(line, "was not due in the last 35 days, or is too far behind to tell; it is not checked") }
        if let lock, lock.recordWritten != nil, lock.record == nil {
            return critical(line, "its record is none, so that every run refuses to start; see check job")
        }
        if isCovered(due, line, lock) { return nil }
        let notReady = parentsInTheWay(of: line, due: due)
        // Without a tick it may be due often, and has something to do now and then; the jobs before it have lines of their own.
        if let why = notReady.first, line.oncePer == nil { return note(line, "is not ready: \(why)") }
        if lock?.record == nil, lock?.holder == nil, let written = line.fileWritten, written > due {
            return note(line, "is newer than its last due time")
        }
        if hasOriginals, lock?.holder == nil {
            let what = lock?.record == nil ? "there is no record" : "the record is older"
            return Finding(
                .unknown, line.place,
                "\(name(line)): due \(time(due, line)), and \(what); an original's runs leave none")
        }
        return late(line, due, lock, notReady.map { "not-ready: \($0)" })
    }

    private func isCovered(_ due: Int64, _ line: CrontabExpectation, _ lock: LockStatus?) -> Bool {
        guard let lock else { return false }
        if let period = line.oncePer, let tick = zones.tick(due, period, line.tickZone) {
            guard let record = lock.record else { return false }
            let ticks = record.ticks
            let hasBegun = record.state == .running && !record.isWaiting
            return [hasBegun ? ticks.current : nil, ticks.started, ticks.done].contains {
                $0?.covers(tick, of: period) ?? false
            }
        }
        guard let start = lock.lastStart else { return false }
        return start / 1000 >= due - max(Self.skew, line.minInterval ?? 0)
    }

    // MARK: - Sentences

    private func late(
        _ line: CrontabExpectation, _ due: Int64, _ lock: LockStatus?, _ notReady: [String]
    ) -> Finding {
        let standstills = fleet.standstills(of: line.need) + fleet.standstills(ofLocknames: [])
        let last = lock?.lastStart.map { "nobody since \(time($0 / 1000, line))" }
        let never = lock?.record == nil ? "never run" + NearestWord.hint(nearest(line)) : "nobody has started it yet"
        let reasons = standstills + fleet.findings(on: line.need) + notReady + holder(line, lock) + queue(line, lock)
        let text = (["\(name(line)): due \(time(due, line)), \(last ?? never)"] + reasons).joined(separator: "; ")
        // Whoever stopped it knows that it does not run.
        return Finding(standstills.isEmpty ? .critical : .warning, line.place, text)
    }

    /// A job that has run, and that no line of these crontabs is for.
    private func nearest(_ line: CrontabExpectation) -> String? {
        let strangers = locks.values.filter { $0.record != nil && !expected.contains(ExactName($0.lockname)) }
        return NearestWord.slip(line.lockname, among: strangers.map { ExactName($0.lockname) }.sorted().map(\.text))
    }

    private func holder(_ line: CrontabExpectation, _ lock: LockStatus?) -> [String] {
        guard let lock else { return [] }
        if lock.state == .lost, let record = lock.record {
            return ["\(Excerpt.of(record.host)) (pid \(record.pid)) vanished while running it"]
        }
        if lock.state == .unreadable {
            return ["its record is none that a run can read, so that no run starts; see status"]
        }
        guard let holder = lock.holder else { return [] }
        if lock.state == .persistent { return ["its lock belongs to no session, so that no run starts; see status"] }
        let what = lock.state == .waiting ? ", waiting out a lost holder's term" : ""
        return [
            "held by \(Excerpt.of(holder.host))\(holder.pid.map { " (pid \($0))" } ?? "")"
                + " since \(time(holder.since.milliseconds / 1000, line))\(what)"
        ]
    }

    private func queue(_ line: CrontabExpectation, _ lock: LockStatus?) -> [String] {
        if let first = lock?.waiting.first {
            return ["\(Excerpt.of(first.host)) waits for the lock since \(time(first.since.milliseconds / 1000, line))"]
        }
        for resource in status.resources {
            guard let first = resource.queue.first(where: { $0.lockname.isSameName(as: line.lockname) }) else {
                continue
            }
            let since = time(first.contender.since.milliseconds / 1000, line)
            return ["\(Excerpt.of(first.contender.host)) waits for \(Excerpt.of(resource.resource)) since \(since)"]
        }
        return []
    }

    private func time(_ seconds: Int64, _ line: CrontabExpectation) -> String { zones.text(of: seconds, in: line.zone) }
    private func name(_ line: CrontabExpectation) -> String { Excerpt.of(line.lockname, longest: 255) }

    private func critical(_ line: CrontabExpectation, _ text: String) -> Finding {
        Finding(.critical, line.place, "\(name(line)): \(text)")
    }

    private func note(_ line: CrontabExpectation, _ text: String) -> Finding {
        Finding(.ok, line.place, "\(name(line)) \(text)")
    }
}
