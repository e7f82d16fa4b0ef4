import Coordination
import Recipes
import Testing

/// The release: what goes in its one transaction, and what may still be deleted when a part of it is refused or lost.
@Suite struct ReleaseTests {
    private let claims = Claims(
        lock: ("/p/locks/a", 17), leases: ["/p/semaphores/r/leases/1_2_5_0000000001"],
        marks: ["/p/semaphores/r/marks/1_2_5_1_30"],
        record: ("/p/jobs/a", 4, JobRecord(session: "5", n: 1, term: 30, host: "h", pid: 1, runs: [])),
        session: .mine, submitted: .init(seconds: 100), submittedBefore: .init(seconds: 100),
        acknowledged: .init(seconds: 100))

    private let committed = Reply.success(.committed([nil]))

    private func failure(_ reason: Failure.Reason, _ operation: Int? = nil) -> Reply {
        .failure(Failure(reason, path: "/p/locks/a", operation: operation))
    }

    private func found(_ data: [UInt8]) -> Reply { .success(.node(data: data, NodeStat(version: 5))) }

    private func operations(_ release: Release) -> [Operation] { release.requests.first?.operations ?? [] }

    private func release(_ record: Release.Record = .ended(nil), keepsLock: Bool = false) -> Release {
        Release(claims: claims, of: .sample(), record: record, keepsLock: keepsLock)
    }

    private func written(_ release: Release) throws -> JobRecord {
        guard case .set(_, let data, _)? = operations(release).first else { throw NoRecord() }
        return try #require(JobRecord(bytes: data))
    }

    private struct NoRecord: Error {}

    // MARK: The transaction

    @Test func oneMultiEndsTheRecordAndTakesAwayTheRest() {
        let release = Release(claims: claims, of: .sample(), record: .ended(nil), keepsLock: false)
        let paths = operations(release).map(\.path)
        #expect(paths == ["/p/jobs/a", claims.marks[0], claims.leases[0], "/p/locks/a"])
        guard case .set(_, let data, 4) = operations(release)[0] else { return #expect(Bool(false)) }
        #expect(JobRecord(bytes: data)?.state == .ended)
    }

    @Test func theLockStaysWhereAnotherCouldHoldIt() {
        let release = Release(claims: claims, of: .sample(), record: .ended(nil), keepsLock: true)
        #expect(!operations(release).contains(.delete("/p/locks/a")))
    }

    /// Who waits for the end of the run is told at once only if nothing is left to the end of its session.
    @Test(arguments: [false, true]) func itIsCompleteWithoutTheLockOnly(keepsLock: Bool) {
        var release = Release(claims: claims, of: .sample(), record: .ended(nil), keepsLock: keepsLock)
        #expect(!release.isComplete)
        release.settle([.success(.committed([nil]))])
        #expect(release.isDone && release.isComplete == !keepsLock)
    }

    @Test func givingUpAWaitOutNeverWritesEnded() {
        let release = Release(claims: claims, of: .sample(), record: .waitingOut(12), keepsLock: false)
        guard case .set(_, let data, _) = operations(release)[0] else { return #expect(Bool(false)) }
        #expect(JobRecord(bytes: data)?.state == .running && JobRecord(bytes: data)?.term == 12)
    }

    @Test func aRecordOfAnotherIsLeftAloneAndSoIsTheLock() {
        var release = Release(claims: claims, of: .sample(), record: .ended(nil), keepsLock: false)
        release.settle([failure(.badVersion, 0)])
        guard case .get("/p/jobs/a", false)? = release.requests.first else { return #expect(Bool(false)) }
        let other = JobRecord(session: "6", n: 1, term: 30, host: "i", pid: 1, runs: [])
        release.settle([found(other.encoded())])
        #expect(operations(release).map(\.path) == [claims.marks[0], claims.leases[0]])
        release.settle([.failure(Failure(.noNode, path: claims.marks[0], operation: 0))])
        #expect(operations(release).map(\.path) == [claims.leases[0]])
        release.settle([failure(.connectionLost)])
        #expect(!release.isDone)
        release.settle([.success(.committed([nil]))])
        #expect(release.isDone && !release.isComplete)
    }

    @Test func itsOwnWriteWhoseReplyWasLostIsTheEnd() {
        var release = Release(claims: claims, of: .sample(), record: .ended(nil), keepsLock: false)
        guard case .set(_, let data, _) = operations(release)[0] else { return #expect(Bool(false)) }
        release.settle([failure(.connectionLost)])
        release.settle([failure(.badVersion, 0)])
        release.settle([found(data)])
        #expect(release.isDone)
    }

    /// Somebody has written to the record, and the rest of the term that is to be left is as long as the whole of it.
    @Test func aTouchedRecordWithTheSameTermIsNoReleaseOfOurs() {
        var release = Release(claims: claims, of: .sample(), record: .waitingOut(30), keepsLock: false)
        let all = operations(release).map(\.path)
        release.settle([failure(.badVersion, 0)])
        release.settle([found(claims.record?.content.encoded() ?? [])])
        #expect(operations(release).map(\.path) == all)
        guard case .set(_, _, 5) = operations(release)[0] else { return #expect(Bool(false)) }
    }

    @Test func theRecordRemembersTheRun() throws {
        let run = PastRun(host: "h", started: 900, heldMilliseconds: 5, outcome: "ran", code: 3, token: 17)
        let record = try written(release(.ended(run)))
        #expect(record.state == .ended && !record.isWaiting)
        #expect(record.token == 17 && record.started == 900 && record.runs == [run])
    }

    /// Nothing of this run has started, so the lost holder's runs are what there is to remember.
    @Test func aRunThatStartedNothingLeavesNoRun() throws {
        #expect(try written(release(.ended(nil))).runs.isEmpty)
    }

    @Test func withoutALockOnlyMarksAndLeasesAreDeleted() {
        let claims = Claims(
            leases: claims.leases, marks: claims.marks, session: .mine, submitted: .never, submittedBefore: .never,
            acknowledged: .never)
        var release = Release(claims: claims, of: .sample(), record: .ended(nil), keepsLock: false)
        #expect(operations(release).map(\.path) == claims.marks + claims.leases)
        release.settle([committed])
        #expect(release.isComplete)
    }

    @Test(arguments: [.connectionLost, .other(-127), .other(-119), .other(-7)] as [Failure.Reason])
    func whatIsLostOrRefusedForTheMomentIsReleasedAgainAsItWas(reason: Failure.Reason) {
        var release = release()
        let all = operations(release)
        release.settle([failure(reason, 0)])
        #expect(!release.isDone && operations(release) == all && release.refused.isEmpty)
    }

    // MARK: Nodes that are gone

    @Test(arguments: [1, 2]) func aMarkOrLeaseThatIsGoneIsLeftOutAndTheRestIsReleased(index: Int) {
        var release = release()
        var rest = operations(release)
        release.settle([failure(.noNode, index)])
        rest.remove(at: index)
        #expect(operations(release) == rest)
    }

    @Test func aLockThatIsGoneIsLeftOutAndTheRecordIsEndedAllTheSame() {
        var release = release()
        release.settle([failure(.noNode, 3)])
        #expect(operations(release).map(\.path) == ["/p/jobs/a"] + claims.marks + claims.leases)
        release.settle([committed])
        #expect(release.isComplete)
    }

    /// Nothing guards the delete of the lock any more.
    @Test func withoutARecordTheLockIsLeftToTheEndOfTheSession() {
        var release = release()
        release.settle([failure(.noNode, 0)])
        #expect(operations(release).map(\.path) == claims.marks + claims.leases)
        release.settle([committed])
        #expect(release.isDone && !release.isComplete)
    }

    @Test func aRecordThatIsGoneWhenItIsReadAgainLeavesTheLockToo() {
        var release = release()
        release.settle([failure(.badVersion, 0)])
        release.settle([failure(.noNode)])
        #expect(operations(release).map(\.path) == claims.marks + claims.leases)
    }

    // MARK: A record of another version

    @Test func anotherTakeOfTheSameSessionIsAnother() {
        var release = release()
        release.settle([failure(.badVersion, 0)])
        release.settle([found(JobRecord.sample(.running, session: "5", n: 2).encoded())])
        #expect(operations(release).map(\.path) == claims.marks + claims.leases)
    }

    @Test(arguments: ["", "{}", "h 1"]) func aNodeThatIsNoRecordIsLeftAloneAndSoIsTheLock(text: String) {
        var release = release()
        release.settle([failure(.badVersion, 0)])
        release.settle([found(Array(text.utf8))])
        #expect(operations(release).map(\.path) == claims.marks + claims.leases)
    }

    /// An original or an operator has touched it; it names this run all the same.
    @Test func anOwnRecordOfAnotherVersionIsEndedOnConditionOfThatVersion() throws {
        var release = release()
        let all = operations(release).map(\.path)
        release.settle([failure(.badVersion, 0)])
        release.settle([found(JobRecord.sample(.running, session: "5").encoded())])
        #expect(operations(release).map(\.path) == all)
        guard case .set(_, _, 5)? = operations(release).first else { throw NoRecord() }
        #expect(try written(release).state == .ended)
    }

    @Test func aLostLookAtTheRecordIsLookedAgain() {
        var release = release()
        release.settle([failure(.badVersion, 0)])
        release.settle([failure(.connectionLost)])
        #expect(release.requests.first?.text == "get /p/jobs/a")
    }

    // MARK: Refusals

    @Test func aMarkThatMayNotBeDeletedIsToldAndTheRestIsReleased() {
        var release = release()
        let rest = operations(release).filter { $0 != .delete(claims.marks[0]) }
        release.settle([failure(.notAuthorized, 1)])
        #expect(release.refused.map(\.reason) == [.notAuthorized])
        #expect(operations(release) == rest)
    }

    /// The lease that stands goes with the session only: whoever waits for the end of the run is told behind that.
    @Test(arguments: [2, nil] as [Int?]) func aReleaseOfWhichSomethingWasRefusedIsNotComplete(index: Int?) {
        var release = release()
        release.settle([failure(.notAuthorized, index)])
        release.settle([committed])
        #expect(release.isDone && !release.isComplete)
    }

    @Test func aLockThatMayNotBeDeletedIsLeftToTheEndOfTheSession() {
        var release = release()
        release.settle([failure(.notAuthorized, 3)])
        release.settle([committed])
        #expect(release.isDone && !release.isComplete)
    }

    @Test func aRecordThatMayNotBeWrittenLeavesTheLockToo() {
        var release = release()
        release.settle([failure(.other(-125), 0)])
        #expect(operations(release).map(\.path) == claims.marks + claims.leases)
        #expect(release.refused.count == 1)
    }

    @Test func aRefusalThatNamesNoOperationEndsTheRelease() {
        var release = release()
        release.settle([failure(.notAuthorized)])
        #expect(release.isDone && release.refused.count == 1)
    }
}
