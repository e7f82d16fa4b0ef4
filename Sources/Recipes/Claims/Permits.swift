import Coordination
import Text

/// The wait at the head of the queues until all permits are free, and the count of those that are taken.
final class Permits {
    private let job: Job
    /// With the totals of the moment.
    private let leases: () -> [LeaseRequest]
    private let talk: Conversation
    /// Since when we have seen each orphaned mark, as the head: by path.
    private var orphans: [String: BootInstant] = [:]

    /// Leases whose session is known to live, and to own them.
    private var looked: Set<String> = []

    init(job: Job, talk: Conversation, leases: @escaping () -> [LeaseRequest]) {
        self.job = job
        self.talk = talk
        self.leases = leases
    }

    /// The marks that were waited out, and the numbers for each lease; nil where it can have none.
    typealias Free = (spent: [String], slots: [SlotSet?])

    enum Room {
        case free(spent: [String], slots: [SlotSet?])
        /// Something has changed that makes the run needless.
        case needless(Acquisition.Skip)
    }

    /// Waits until all permits are free.
    ///
    /// The only waits on a timer are the limit, the term of an orphaned mark and the end of a hold.
    func awaitRoom(
        limit: BootInstant?, changed: () async throws(Interruption) -> Acquisition.Skip?
    ) async throws(Interruption) -> Room {
        while true {
            let asOf = leases()
            let counts = try await count()
            // What was declared before these permits became free was heard of before they were counted (Programmer's Guide, "What
            // ZooKeeper Guarantees about Watches").
            if let skip = try await changed() { return .needless(skip) }
            if leases() != asOf { continue }
            if counts.allSatisfy(\.fits) {
                return .free(spent: counts.flatMap(\.spent), slots: counts.map(\.slots))
            }
            try await checkOwners(counts)
            let blocked = counts.first { !$0.fits }
            // Else short waits would starve each other behind a mark that none of them outlasts.
            let onlyOrphans = counts.allSatisfy(\.fitsWithoutOrphans)
            let deadline = onlyOrphans ? nil : limit
            let ripe = counts.compactMap(\.ripeAt).min()
            waiting: while true {
                if let skip = try await changed() { return .needless(skip) }
                if leases() != asOf { break waiting }
                for lease in asOf {
                    if try talk.noticed(job.layout.leases(lease.resource)) { break waiting }
                    if try talk.noticed(job.layout.marks(lease.resource)) { break waiting }
                }
                let now = talk.clock.now
                if let ripe, now >= ripe { break waiting }
                if let deadline, now >= deadline {
                    let holders = try await makers(of: blocked?.leases.prefix(Self.mostHolders) ?? [], talk)
                    throw .noPermits("no permits within the lease wait: \(blocked?.text ?? "")\(holders)")
                }
                try await talk.pause(until: [ripe, deadline].compactMap { $0 }.min())
            }
        }
    }

    /// In a message: who has the first of them is where one begins to look.
    private static let mostHolders = 3

    /// In a mixed fleet, after the take: whether the permits up to our own lease exceed a total.
    func isOverTotal(_ claims: Claims) async throws(Interruption) -> Bool {
        for (lease, path) in zip(leases(), claims.leases) {
            guard let mine = Permit(lease: Layout.name(of: path))?.sequence else { continue }
            let names = try await talk.askAgain([.children(job.layout.leases(lease.resource), watch: false)])[0]
                .children()
            var sum: Int64 = 0
            for permit in names.compactMap({ Permit(lease: $0) }) where (permit.sequence ?? .max) <= mine {
                sum = sum.addingReportingOverflow(permit.count).partialValue
            }
            if sum > lease.total { return true }
        }
        return false
    }

    /// How it stands with each resource now.
    func survey() async throws(Interruption) -> [Count] { try await count() }

    /// What nobody's session owns is never released, and what the run owns that started this one is not released before this one
    /// has ended.
    private func checkOwners(_ counts: [Count]) async throws(Interruption) {
        for count in counts where !count.hasRoom {
            let outer = count.outer
            if outer > 0, outer.addedUp(with: count.lease.count) > count.lease.total {
                throw .waitsForItself(
                    "--lease \(count.lease.resource): \(count.roomText), \(outer) of them by the run that started this one "
                        + "(SWITCHMAN_SESSION_ID), so the wait would never end")
            }
            let new = count.leases.filter { !looked.contains($0) }
            if new.isEmpty { continue }
            for (path, reply) in zip(new, try await talk.askAgain(new.map { .exists($0, watch: false) })) {
                guard let stat = try reply.stat() else { continue }
                try stat.checkIsEphemeral(path)
                looked.insert(path)
            }
        }
    }

    // MARK: Counting

    struct Count {
        let lease: LeaseRequest
        var taken: Int64 = 0
        var orphaned: Int64 = 0
        /// Orphaned marks that no longer count.
        var spent: [String] = []
        var ripeAt: BootInstant?
        /// The paths of all leases.
        var leases: [String] = []
        /// Taken by the run that started this one.
        var outer: Int64 = 0
        /// The numbers of the permits that are taken or orphaned, as far as they have some.
        var numbered: [ClosedRange<Int64>] = []
        /// That none is given out now.
        var holdSentence: String?

        /// Those that this run gets if it takes its permits now.
        var slots: SlotSet? { SlotSet(numbered).lowestFree(lease.count, of: lease.total) }
        var fits: Bool { holdSentence == nil && hasRoom }
        var hasRoom: Bool { [taken, orphaned, lease.count].sum <= lease.total }
        var fitsWithoutOrphans: Bool { holdSentence == nil && [taken, lease.count].sum <= lease.total }
        var text: String { holdSentence ?? roomText }
        var roomText: String {
            "\(lease.resource) has \([taken, orphaned].sum) of \(lease.total) permits taken, \(lease.count) wanted"
        }
    }

    /// Lists the leases, then the marks, each with its watch; again if an event came before the last reply, since the
    /// lists then belong to different instants.
    private func count() async throws(Interruption) -> [Count] {
        let requests = self.leases()
        let leases = requests.map { job.layout.leases($0.resource) }
        let marks = requests.map { job.layout.marks($0.resource) }
        while true {
            for path in leases + marks { talk.forget(path) }
            let replies = try await talk.askAgain((leases + marks).map { .children($0, watch: true) })
            if !(leases + marks).filter({ !talk.changes(of: $0).isEmpty }).isEmpty { continue }
            let seen = talk.clock.now
            var counts: [Count] = []
            var orphansNow: [String: BootInstant] = [:]
            for (index, lease) in requests.enumerated() {
                let count = try count(
                    lease, leases: try replies[index].children(), marks: try replies[leases.count + index].children(),
                    seen: seen, orphans: &orphansNow)
                counts.append(count)
            }
            orphans = orphansNow
            return counts
        }
    }

    private func count(
        _ lease: LeaseRequest, leases: [String], marks: [String], seen: BootInstant,
        orphans orphansNow: inout [String: BootInstant]
    ) throws(Interruption) -> Count {
        var count = Count(lease: lease)
        noteHold(in: &count, seen)
        var sessions: Set<String> = []
        for name in leases {
            let path = "\(job.layout.leases(lease.resource))/\(name)"
            guard let permit = Permit(lease: name) else {
                throw .badData("\(path) is not named as a lease is (COUNT_TOTAL_SEQ); delete it")
            }
            guard permit.total == lease.total || lease.mayHaveChanged else {
                throw .badData(
                    "--lease \(lease.resource): total \(lease.total) here, but \(permit.total) in \(path); "
                        + "use the same total everywhere")
            }
            count.leases.append(path)
            if let session = permit.session {
                sessions.insert(session)
                if session == job.outerSession { count.outer = count.outer.addedUp(with: permit.count) }
            }
            count.taken = count.taken.addedUp(with: permit.count)
        }
        for name in marks {
            let path = "\(job.layout.marks(lease.resource))/\(name)"
            guard let permit = Permit(mark: name), case .mark(let session, let termSeconds) = permit.kind else {
                throw .badData(
                    "\(path) is not a mark, or its term is longer than a day; if its run cannot be alive, delete it")
            }
            if sessions.contains(session) {
                count.numbered += [permit.slots].compactMap { $0 }
                continue
            }
            let since = orphans[path] ?? seen
            let ripe = since.advanced(by: Term(seconds: termSeconds).waitOut)
            orphansNow[path] = since
            if talk.clock.now >= ripe {
                count.spent.append(path)
            } else {
                count.orphaned = count.orphaned.addedUp(with: permit.count)
                count.numbered += [permit.slots].compactMap { $0 }
                count.ripeAt = min(count.ripeAt ?? ripe, ripe)
            }
        }
        return count
    }

    /// The end of a hold is by this host's clock, which may be set: so it is looked at again after a while.
    private func noteHold(in count: inout Count, _ seen: BootInstant) {
        let now = TimeStamp(milliseconds: job.wallMilliseconds())
        guard let sentence = count.lease.holdSentence(at: now) else { return }
        count.holdSentence = sentence
        guard let until = count.lease.hold?.until else { return }
        let rest = Duration.milliseconds(until.milliseconds - now.milliseconds + 1)
        count.ripeAt = seen.advanced(by: min(rest, Self.clockIsTrusted))
    }

    private static let clockIsTrusted = Duration.seconds(3600)
}
