import Coordination
import Text

/// What a run would do now, and why: decided by what the run itself decides with, and nothing is taken.
package struct Forecast: Sendable {
    package enum Decision: Sendable, Equatable {
        case starts
        /// For the lock, in its queue.
        case waitsForLock
        /// That it comes after.
        case waitsForJobs
        case waitsForPermits
        case skips(Acquisition.Skip)
    }

    package let decision: Decision
    /// Sentences without a full stop, the most important one first.
    package let reasons: [String]

    /// The same, with something else that is worth knowing.
    package func adding(_ reason: String?) -> Forecast {
        Forecast(decision: decision, reasons: reasons + [reason].compactMap(\.self))
    }
}

extension Acquisition {
    /// - Parameter wallMilliseconds: this host's clock, since the epoch: for the interval there is no other without a claim.
    package func forecast(wallMilliseconds: Int64) async throws(Interruption) -> Forecast {
        let forecast = try await forecastOfFleet(wallMilliseconds)
        guard let pausesUnknown else { return forecast }
        // Who may not read the fleet's data will hardly be allowed to take its locks; only trying would tell.
        if case .denied = pausesUnknown, job.takesLock { throw pausesUnknown }
        let why = "whether it is paused cannot be told: \(Excerpt.line("\(pausesUnknown)"))"
        return Forecast(decision: forecast.decision, reasons: forecast.reasons + [why])
    }

    private func forecastOfFleet(_ wallMilliseconds: Int64) async throws(Interruption) -> Forecast {
        let forecast = try await forecastWithoutGroup(wallMilliseconds)
        guard let entry = groupEntry, HostPattern.isPattern(entry) else { return forecast }
        let membership = "\(job.host) is in group \(job.group ?? "") as \(Excerpt.of(entry, longest: 255))"
        return Forecast(decision: forecast.decision, reasons: forecast.reasons + [membership])
    }

    private func forecastWithoutGroup(_ wallMilliseconds: Int64) async throws(Interruption) -> Forecast {
        let skip = try await lookTwice()
        if let skip, skip != .locked {
            let decision: Forecast.Decision = isWaitedFor(skip) ? .waitsForJobs : .skips(skip)
            return Forecast(decision: decision, reasons: [sentence(of: skip)] + (try await nearestNames(skip)))
        }
        let tooSoon = tooSoon(wallMilliseconds)
        if skip == .locked {
            let reasons = [try await holder(), try await line()].compactMap { $0 }
            // The interval is decided under the claim, so who does not wait for it never comes to that.
            if !job.waitsForLock {
                return Forecast(decision: .skips(.locked), reasons: reasons + [tooSoon].compactMap { $0 })
            }
            if tooSoon == nil { return Forecast(decision: .waitsForLock, reasons: reasons) }
        }
        if let tooSoon { return Forecast(decision: .skips(.tooSoon), reasons: [tooSoon]) }
        if !job.leases.isEmpty { return try await forecastPermits() }
        return Forecast(decision: .starts, reasons: [start(nil)])
    }

    /// Lock and record are read at two moments: between the runs of a job that follow each other a record may say running without a
    /// lock, and nobody is lost.
    private func lookTwice() async throws(Interruption) -> Skip? {
        for _ in 0..<Self.looks {
            let skip = try await look()
            guard skip == nil, let found = foundRecord, found.record.state == .running else { return skip }
            let replies = try await talk.askAgain([
                .exists(job.lockPath, watch: false), .get(job.recordPath, watch: false),
            ])
            if try replies[0].stat() == nil, try replies[1].node()?.stat.version == found.version { return nil }
        }
        return .locked
    }

    private static let looks = 5

    private func forecastPermits() async throws(Interruption) -> Forecast {
        let queues = Queues(of: .permits, job: job, talk: talk, earlierSessions: [], notice: notice)
        if try await queues.rival(before: nil) != nil {
            return Forecast(
                decision: job.waitsForLock ? .waitsForPermits : .skips(.queued),
                reasons: [queues.rivalSentence].compactMap { $0 })
        }
        let permits = try await Permits(job: job, talk: talk) { [unowned self] in job.leases }.survey()
        var reasons: [String] = []
        for (lease, (queue, count)) in zip(job.leases, zip(try await queues.list(), permits)) {
            if queue.isEmpty, count.fits { continue }
            let names = queue.sorted { $0.sequence < $1.sequence }.prefix(5).map { Excerpt.of($0.lockname) }
            let more = queue.count > names.count ? ", ..." : ""
            let ahead =
                queue.isEmpty
                ? "nobody is ahead" : "\(Self.runs(queue.count)) ahead: \(names.joined(separator: ", "))\(more)"
            let room = count.fits ? "\(lease.resource) has room for \(lease.count)" : count.text
            reasons.append("\(room); \(ahead)")
        }
        let slots = permits.compactMap { count in count.slots.map { "\(count.lease.resource)=\($0.text)" } }
        let free = "all permits are free" + (slots.isEmpty ? "" : " (slots: \(slots.joined(separator: " ")))")
        return reasons.isEmpty
            ? Forecast(decision: .starts, reasons: [start(free)])
            : Forecast(decision: .waitsForPermits, reasons: reasons)
    }

    // MARK: Sentences

    private static func runs(_ count: Int) -> String { count == 1 ? "1 run is" : "\(count) runs are" }

    /// Of jobs that have left no record, those that may be meant.
    private func nearestNames(_ skip: Acquisition.Skip) async throws(Interruption) -> [String] {
        guard skip == .notReady, !after.missing.isEmpty else { return [] }
        let known = try await talk.askAgain([.children(job.layout.records, watch: false)])[0].children()
        let names = Array(known.filter { !$0.isSameName(as: job.lockname) }.prefix(Self.mostNames))
        return after.missing.compactMap { name in
            NearestWord.slip(name, among: names).map { NearestWord.question($0, isQuoted: false) }
        }
    }

    /// Enough to find a slip of the finger; what comparing more would cost is not worth it.
    private static let mostNames = 10_000

    private func tooSoon(_ wallMilliseconds: Int64) -> String? {
        guard let interval = job.minInterval, let foundRecord else { return nil }
        var record = foundRecord.record
        record.runs = foundRecord.runs
        if record.state == .running, !record.isWaiting { record.runs.append(foundRecord.lostRun) }
        guard let last = record.lastStart(unlessFailed: job.retriesFailed),
            Interval(interval).covers(last, nowMilliseconds: wallMilliseconds)
        else { return nil }
        return record.tooSoon(interval, nowMilliseconds: wallMilliseconds).map { "\($0), by this host's clock" }
    }

    private func holder() async throws(Interruption) -> String? {
        if let sentence = heldByRecord { return sentence }
        guard let node = try await talk.askAgain([.get(job.lockPath, watch: false)])[0].node() else { return nil }
        return "\(job.lockPath) is held by \(NodeMaker.text(node.data))"
    }

    private func line() async throws(Interruption) -> String? {
        let queue = job.layout.lockQueue(job.lockname)
        let places = try Queues.places(in: queue, try await talk.askAgain([.children(queue, watch: false)])[0])
        return places.isEmpty ? nil : "\(Self.runs(places.count)) waiting for it"
    }

    private func start(_ permits: String?) -> String {
        let free = job.takesLock ? "the lock is free" : nil
        let sentence = [free, permits].compactMap { $0 }.joined(separator: ", ")
        guard job.takesLock, let record = foundRecord?.record, record.state == .running else {
            return sentence.isEmpty ? "no lock and no permits are needed" : sentence
        }
        return
            "\(sentence), once the term of a lost run (\(Excerpt.of(record.host)), \(record.term) s) has been waited out"
    }
}
