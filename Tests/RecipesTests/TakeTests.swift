import Coordination
import Testing

@testable import Recipes

/// The take: what stands in its one transaction, and what a run owns by it.
@Suite struct TakeTests {
    private let plain = "commit create /p/jobs/a, create /p/locks/a ephemeral"
    private let look = "exists /p/locks/a watched"

    private func take(
        _ job: Job = .sample(), found: FoundRecord? = nil, earlierSessions: Set<Int64> = [], places: [String] = [],
        spentMarks: [String] = [], slots: [SlotSet?] = [], fleetVersion: Int32? = nil, script: [Step],
        line: SourceLocation = #_sourceLocation
    ) async throws(Interruption) -> (Take.Outcome, ScriptedEnsemble) {
        let ensemble = ScriptedEnsemble(script, line: line)
        let outcome = try await Take(
            job: job, talk: Conversation(ensemble, job), n: 2, found: found, earlierSessions: earlierSessions,
            places: places, spentMarks: spentMarks, slots: slots, fleetVersion: fleetVersion, after: []
        ).perform()
        return (outcome, ensemble)
    }

    private let lease = LeaseRequest(resource: "r", count: 1, total: 2)

    // MARK: The transaction

    @Test func aFirstTakeMakesRecordAndLockAndLooksAtTheLockBehindThem() async throws {
        let (outcome, ensemble) = try await take(script: [
            .asks([plain: .committed, look: .owned(by: 5, czxid: 44, made: 1_000)], takes: 2)
        ])
        let claims = try #require(outcome.claims)
        #expect(claims.lock?.path == "/p/locks/a" && claims.lock?.czxid == 44)
        #expect(claims.takenMilliseconds == 1_000)
        #expect(claims.session == .mine && claims.found == nil)
        #expect(claims.record?.path == "/p/jobs/a" && claims.record?.version == 0)
        #expect(ensemble.written("/p/locks/a") == Array("h 1".utf8))
        let record = try #require(ensemble.written("/p/jobs/a").flatMap(JobRecord.init(bytes:)))
        #expect(record == JobRecord(session: "5", n: 2, term: 30, host: "h", pid: 1, runs: []))
        #expect(record.state == .running && !record.isWaiting)
    }

    /// The claims' proof dates from before the transaction; a lost holder's term is waited out from behind it.
    @Test func theTakeIsDatedBeforeItsSubmissionAndAcknowledgedBehindItsReply() async throws {
        let (outcome, _) = try await take(script: [.asks([plain: .committed, look: .owned(by: 5)], takes: 2)])
        let claims = try #require(outcome.claims)
        #expect(claims.submitted == BootInstant(seconds: 100))
        #expect(claims.acknowledged == BootInstant(seconds: 102))
    }

    @Test func aRecordIsTakenOverOnConditionOfItsVersionAndThatNoneWasRemoved() async throws {
        let runs = [PastRun(host: "x", started: 5, outcome: "ran", code: 0)]
        let found = FoundRecord(record: .sample(runs: runs), version: 7, removals: 3, writtenMilliseconds: 10)
        let (outcome, ensemble) = try await take(
            found: found,
            script: [
                .asks([
                    "commit set /p/jobs/a if 7, check /p/jobs if 3, create /p/locks/a ephemeral": .committed,
                    look: .owned(by: 5),
                ])
            ])
        #expect(outcome.claims?.record?.version == 8)
        #expect(outcome.claims?.found == nil)
        #expect(ensemble.written("/p/jobs/a").flatMap(JobRecord.init(bytes:))?.runs == runs)
    }

    @Test func claimsMarksPlacesAndSpentMarksAreOneTransaction() async throws {
        let (outcome, ensemble) = try await take(
            .sample(leases: [lease]), places: ["/p/queues/r/a-0000000005", "/p/waiters/a/a-0000000001"],
            spentMarks: ["/p/semaphores/r/marks/1_2_9_1_30"],
            script: [
                .asks([
                    plain
                        + ", create /p/semaphores/r/marks/1_2_5_2_30, create /p/semaphores/r/leases/1_2_5_ sequential, "
                        + "delete /p/queues/r/a-0000000005, delete /p/waiters/a/a-0000000001, "
                        + "delete /p/semaphores/r/marks/1_2_9_1_30": .committed(numbers: [12]),
                    look: .owned(by: 5),
                ])
            ])
        #expect(outcome.claims?.leases == ["/p/semaphores/r/leases/1_2_5_0000000012"])
        #expect(outcome.claims?.marks == ["/p/semaphores/r/marks/1_2_5_2_30"])
        #expect(ensemble.written("/p/semaphores/r/leases/1_2_5_") == Array("h 1".utf8))
        #expect(ensemble.written("/p/semaphores/r/marks/1_2_5_2_30") == Array("h 1".utf8))
    }

    /// Its name is this run's alone, so that a take whose reply was lost can be made again.
    @Test func withoutALockTheFirstMarkIsTheGuardAndThereIsNoRecord() async throws {
        let (outcome, _) = try await take(
            .sample(leases: [lease]) { $0.takesLock = false },
            script: [
                .asks(
                    "commit create /p/semaphores/r/marks/1_2_5_2_30, create /p/semaphores/r/leases/1_2_5_ sequential",
                    .committed)
            ])
        #expect(outcome.claims?.lock == nil && outcome.claims?.record == nil)
        #expect(outcome.claims?.leases.count == 1)
    }

    /// A lease whose numbers lie apart has a mark for each range of them, and one lease all the same.
    @Test func theMarksSayWhichNumbersThePermitsHave() async throws {
        let leases = [
            LeaseRequest(resource: "r", count: 3, total: 8), LeaseRequest(resource: "s", count: 1, total: 2),
            LeaseRequest(resource: "t", count: 2, total: 2),
        ]
        let marks = [
            "/p/semaphores/r/marks/2_8_5_3000000002_30", "/p/semaphores/r/marks/1_8_5_7000000002_30",
            "/p/semaphores/s/marks/1_2_5_2_30", "/p/semaphores/t/marks/2_2_5_1000000002_30",
        ]
        let made = ["r/leases/3_8_5_", "s/leases/1_2_5_", "t/leases/2_2_5_"]
            .map { "create /p/semaphores/\($0) sequential" }
        let (outcome, _) = try await take(
            .sample(leases: leases), slots: [SlotSet([3...4, 7...7]), nil, SlotSet([1...2])],
            script: [
                .asks([
                    ([plain] + marks.map { "create \($0)" } + made).joined(separator: ", "): .committed(
                        numbers: [12, 13, 14]), look: .owned(by: 5),
                ])
            ])
        let claims = try #require(outcome.claims)
        #expect(claims.marks == marks && claims.leases.count == 3)
        #expect(claims.slots.map { "\($0.resource)=\($0.slots.text)" } == ["r=3-4,7", "t=1-2"])
    }

    /// A run that had counted by a larger total would exceed the one that is declared by then; and a resource may be held by then.
    @Test(arguments: [true, false]) func leasesMakeTheTakeConditionalOnTheFleetsData(hasLeases: Bool) async throws {
        let operations =
            ", create /p/semaphores/r/marks/1_2_5_2_30, create /p/semaphores/r/leases/1_2_5_ sequential, check /p if 6"
        let (outcome, _) = try await take(
            .sample(leases: hasLeases ? [lease] : []), fleetVersion: 6,
            script: [
                .asks(["\(plain)\(hasLeases ? operations : "")": .committed, look: .owned(by: 5)])
            ])
        #expect(outcome.claims != nil)
    }

    // MARK: The record of a lost holder

    private func taken(
        _ record: JobRecord, earlierSessions: Set<Int64> = [], with change: (inout Job) -> Void = { _ in }
    ) async throws -> (claims: Claims, record: JobRecord) {
        let found = FoundRecord(record: record, version: 7, writtenMilliseconds: 900)
        let (outcome, ensemble) = try await take(
            .sample(with: change), found: found, earlierSessions: earlierSessions,
            script: [
                .asks([
                    "commit set /p/jobs/a if 7, check /p/jobs if 0, create /p/locks/a ephemeral": .committed,
                    look: .owned(by: 5),
                ])
            ])
        return (
            try #require(outcome.claims), try #require(ensemble.written("/p/jobs/a").flatMap(JobRecord.init(bytes:)))
        )
    }

    /// In case this run dies while it waits.
    @Test(arguments: [(10, 30), (90, 90)] as [(Int64, Int64)])
    func aLostHoldersTermIsWaitedOutAndTheRecordNamesTheLongerOfBoth(term: Int64, written: Int64) async throws {
        let (claims, record) = try await taken(.sample(.running, term: term))
        #expect(claims.found == Term(seconds: term))
        #expect(record.term == written && record.isWaiting)
    }

    @Test func aLostHolderIsAStartAtTheTimeAtWhichItHadWrittenTheRecord() async throws {
        let (_, record) = try await taken(.sample(.running))
        #expect(record.runs == [PastRun(host: "other", started: 900, outcome: "lost")])
    }

    @Test func aStartThatLiesAheadOfItsRecordBecomesTheInstantAtWhichTheRecordWasWritten() async throws {
        let (_, record) = try await taken(
            .sample(runs: [PastRun(host: "x", started: 15_000, outcome: "ran", code: 0)]))
        #expect(record.runs.map(\.started) == [900])
    }

    @Test func aHolderThatWasStillWaitingIsNoStart() async throws {
        var waiting = JobRecord.sample(.running)
        waiting.isWaiting = true
        let (claims, record) = try await taken(waiting)
        #expect(record.runs.isEmpty && claims.found == Term(seconds: 30))
    }

    @Test func aTakeOfThisRunsEarlierSessionIsNoStartAndIsWaitedOutAllTheSame() async throws {
        var own = JobRecord.sample(.running, session: "4")
        (own.host, own.pid) = ("h", 1)
        let (claims, record) = try await taken(own, earlierSessions: [4])
        #expect(record.runs.isEmpty && claims.found == Term(seconds: 30))
    }

    @Test func aRunWithAnIntervalWritesThatItHasNotStartedYet() async throws {
        let (claims, record) = try await taken(.sample()) { $0.minInterval = .seconds(60) }
        #expect(record.isWaiting && claims.found == nil)
    }

    // MARK: Refused before anything is asked

    @Test func withoutASessionNothingIsTaken() async {
        let ensemble = ScriptedEnsemble([], session: nil)
        let job = Job.sample()
        let found = await interruption { () async throws(Interruption) in
            try await Take(
                job: job, talk: Conversation(ensemble, job), n: 1, found: nil, earlierSessions: [], places: [],
                spentMarks: [], fleetVersion: nil, after: []
            ).perform()
        }
        #expect(found == .sessionExpired)
    }

    @Test func aSessionTooShortForAMixedFleetTakesNothing() async {
        let short = Session(id: 5, timeout: Lifetime.Originals.leastSession(relay: .seconds(2)) - .milliseconds(1))
        let ensemble = ScriptedEnsemble([], session: short)
        let job = Job.sample { $0.mixedFleet = true }
        let found = await interruption { () async throws(Interruption) in
            try await Take(
                job: job, talk: Conversation(ensemble, job), n: 1, found: nil, earlierSessions: [], places: [],
                spentMarks: [], fleetVersion: nil, after: []
            ).perform()
        }
        #expect(found?.isRefused == true)
    }
}
