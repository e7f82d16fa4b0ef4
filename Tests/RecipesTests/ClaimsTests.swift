import Coordination
import Recipes
import Testing

/// The judgement of a heartbeat: what is proof, and what is loss.
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

    /// A read alone may be older than the question, and a check alone says nothing of the owner.
    @Test func aHeartbeatIsATransactionOfChecksOnAllClaimsAndAReadOfEachBehindIt() {
        let lease = claims.leases[0]
        let texts = claims.heartbeat.map(\.text)
        #expect(
            Request.agree(
                texts,
                ["commit check /p/locks/a, check \(lease)", "exists /p/locks/a watched", "exists \(lease) watched"]))
    }

    @Test func bothRepliesTogetherAreTheAcknowledgement() {
        #expect(claims.heartbeat.count == 3)
        #expect(claims.judge([committed, stat(), stat(czxid: 18)]) == .acknowledged)
        #expect(claims.judge([committed, stat()]) == .unknown(nil))
    }

    @Test func anotherOwnerOrAnotherCreationIsLoss() {
        #expect(claims.judge([committed, stat(owner: 6), stat()]) == .lost("somebody else holds /p/locks/a"))
        #expect(claims.judge([committed, stat(czxid: 18), stat()]) == .lost("somebody else holds /p/locks/a"))
        #expect(claims.judge([failure(.noNode, 0), stat(), stat()]) == .lost("/p/locks/a was deleted"))
        #expect(claims.judge([failure(.sessionExpired), stat(), stat()]) == .lost("the session expired"))
    }

    @Test(arguments: [.connectionLost, .notAuthorized, .other(-118)] as [Failure.Reason])
    func whatIsNotKnownIsNeitherProofNorLoss(reason: Failure.Reason) {
        let refusal = reason == .notAuthorized || reason == .other(-118) ? Failure(reason, path: "/p/locks/a") : nil
        #expect(claims.judge([failure(reason), stat(), stat()]) == .unknown(refusal))
        #expect(claims.judge([committed, failure(reason), stat()]) == .unknown(refusal))
    }
}
