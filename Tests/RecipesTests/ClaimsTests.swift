import Coordination
import Recipes
import Testing

/// The judgement of a heartbeat, and the release: what is proof, what is loss, and what may be deleted.
@Suite struct ClaimsTests {
    let claims = Claims(
        lock: ("/p/locks/a", 17), leases: ["/p/semaphores/r/leases/1_2_5_0000000001"],
        marks: ["/p/semaphores/r/marks/1_2_5_1_30"],
        record: ("/p/jobs/a", 4, JobRecord(session: "5", n: 1, term: 30, host: "h", pid: 1, runs: [])),
        session: Session(id: 5, timeout: .seconds(30)), submitted: .init(nanoseconds: 0),
        submittedBefore: .init(nanoseconds: 0), acknowledged: .init(nanoseconds: 0), found: nil)

    func stat(owner: Int64 = 5, czxid: Int64 = 17) -> Reply {
        .success(
            .stat(
                NodeStat(
                    czxid: czxid, mzxid: 1, ctimeMilliseconds: 1, mtimeMilliseconds: 1, version: 0,
                    ephemeralOwner: owner)))
    }
    let committed = Reply.success(.committed([nil, nil]))
    func failure(_ reason: Failure.Reason, _ operation: Int? = nil) -> Reply {
        .failure(Failure(reason, path: "/p/locks/a", operation: operation))
    }

    @Test func bothRepliesTogetherAreTheAcknowledgement() {
        #expect(claims.heartbeat.count == 3)
        #expect(claims.judge([committed, stat(), stat(czxid: 18)]) == .acknowledged)
        #expect(claims.judge([committed, stat()]) == .unknown)
    }

    @Test func anotherOwnerOrAnotherCreationIsLoss() {
        #expect(claims.judge([committed, stat(owner: 6), stat()]) == .lost("somebody else holds /p/locks/a"))
        #expect(claims.judge([committed, stat(czxid: 18), stat()]) == .lost("somebody else holds /p/locks/a"))
        #expect(claims.judge([failure(.noNode, 0), stat(), stat()]) == .lost("/p/locks/a was deleted"))
        #expect(claims.judge([failure(.sessionExpired), stat(), stat()]) == .lost("the session expired"))
    }

    @Test(arguments: [.connectionLost, .notAuthorized, .other(-118)] as [Failure.Reason])
    func whatIsNotKnownIsNeitherProofNorLoss(reason: Failure.Reason) {
        #expect(claims.judge([failure(reason), stat(), stat()]) == .unknown)
        #expect(claims.judge([committed, failure(reason), stat()]) == .unknown)
    }

    // MARK: Release

    func found(_ data: [UInt8]) -> Reply {
        .success(
            .node(
                data: data,
                NodeStat(
                    czxid: 1, mzxid: 1, ctimeMilliseconds: 1, mtimeMilliseconds: 1, version: 5, ephemeralOwner: 0)))
    }

    func operations(_ release: Release) -> [Operation] {
        if case .multi(let operations)? = release.requests.first { operations } else { [] }
    }

    @Test func oneMultiEndsTheRecordAndTakesAwayTheRest() {
        let release = Release(claims: claims, record: .ended(nil), keepsLock: false)
        let paths = operations(release).map(\.path)
        #expect(paths == ["/p/jobs/a", claims.marks[0], claims.leases[0], "/p/locks/a"])
        guard case .set(_, let data, 4) = operations(release)[0] else { return #expect(Bool(false)) }
        #expect(JobRecord(bytes: data)?.state == .ended)
    }

    @Test func theLockStaysWhereAnotherCouldHoldIt() {
        let release = Release(claims: claims, record: .ended(nil), keepsLock: true)
        #expect(!operations(release).contains(.delete("/p/locks/a")))
    }

    /// Who waits for the end of the run is told at once only if nothing is left to the end of its session.
    @Test(arguments: [false, true]) func itIsCompleteWithoutTheLockOnly(keepsLock: Bool) {
        var release = Release(claims: claims, record: .ended(nil), keepsLock: keepsLock)
        #expect(!release.isComplete)
        release.settle([.success(.committed([nil]))])
        #expect(release.isDone && release.isComplete == !keepsLock)
    }

    @Test func givingUpAWaitOutNeverWritesEnded() {
        let release = Release(claims: claims, record: .waitingOut(12), keepsLock: false)
        guard case .set(_, let data, _) = operations(release)[0] else { return #expect(Bool(false)) }
        #expect(JobRecord(bytes: data)?.state == .running && JobRecord(bytes: data)?.term == 12)
    }

    @Test func aRecordOfAnotherIsLeftAloneAndSoIsTheLock() {
        var release = Release(claims: claims, record: .ended(nil), keepsLock: false)
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
        var release = Release(claims: claims, record: .ended(nil), keepsLock: false)
        guard case .set(_, let data, _) = operations(release)[0] else { return #expect(Bool(false)) }
        release.settle([failure(.connectionLost)])
        release.settle([failure(.badVersion, 0)])
        release.settle([found(data)])
        #expect(release.isDone)
    }

    /// Somebody has written to the record, and the rest of the term that is to be left is as long as the whole of it.
    @Test func aTouchedRecordWithTheSameTermIsNoReleaseOfOurs() {
        var release = Release(claims: claims, record: .waitingOut(30), keepsLock: false)
        let all = operations(release).map(\.path)
        release.settle([failure(.badVersion, 0)])
        release.settle([found(claims.record?.content.encoded() ?? [])])
        #expect(operations(release).map(\.path) == all)
        guard case .set(_, _, 5) = operations(release)[0] else { return #expect(Bool(false)) }
    }
}
