import Coordination
import Recipes
import Testing

/// What the release of a run without a lock writes of it.
@Suite struct UnlockedReleaseTests {
    private static let mark = "/p/semaphores/r/marks/1_2_5_1_30"

    private func operations(_ release: Release) -> [Operation] { release.requests.first?.operations ?? [] }

    private func failure(_ reason: Failure.Reason, _ operation: Int) -> Reply {
        .failure(Failure(reason, path: "/p/runs/a/8", operation: operation))
    }

    private let committed = Reply.success(.committed([nil]))

    private struct NoRecord: Error {}

    private static let run = PastRun(host: "h", started: nil, heldMilliseconds: 5, outcome: "ran", code: 0)

    private func unlocked(_ record: Release.Record = .ended(run), lease: String = "1_2_5_0000000031") -> Release {
        let claims = Claims(
            leases: ["/p/semaphores/r/leases/\(lease)"], marks: [Self.mark], session: .mine,
            submitted: .init(seconds: 100), submittedBefore: .init(seconds: 100), acknowledged: .init(seconds: 100))
        return Release(claims: claims, of: .sample(), record: record, keepsLock: false)
    }

    @Test(arguments: [("1_2_5_0000000031", 8), ("1_2_5_0000000022", 22), ("1_2_5_-2147483648", 6)])
    func itsHistoryGoesWithThePermits(lease: String, place: Int) throws {
        let release = unlocked(lease: lease)
        #expect(release.requests.count == 1 && operations(release).count == 3)
        guard case .set("/p/runs/a/\(place)", let data, version: -1)? = operations(release).last else {
            throw NoRecord()
        }
        let stat = NodeStat(written: 1005)
        let found = try #require(UnlockedRun(data: data, stat: stat))
        #expect(found.run.started == 1000 && found.run.hasSucceeded && found.endedMilliseconds == 1005)
    }

    @Test func withALockOrWithoutAStartThereIsNone() {
        let locked = Claims(
            lock: ("/p/locks/a", 17), leases: ["/p/semaphores/r/leases/1_2_5_0000000031"], marks: [],
            record: ("/p/jobs/a", 4, JobRecord(session: "5", n: 1, term: 30, host: "h", pid: 1, runs: [])),
            session: .mine,
            submitted: .init(seconds: 100), submittedBefore: .init(seconds: 100), acknowledged: .init(seconds: 100))
        let release = Release(claims: locked, of: .sample(), record: .ended(Self.run), keepsLock: false)
        #expect(operations(release).allSatisfy { !$0.path.contains("/runs/") })
        #expect(operations(unlocked(.ended(nil))).allSatisfy { !$0.path.contains("/runs/") })
    }

    @Test func aPlaceThatIsMissingHoldsNoPermit() throws {
        var release = unlocked()
        release.settle([failure(.noNode, 2)])
        #expect(operations(release).map(\.path) == [Self.mark, "/p/semaphores/r/leases/1_2_5_0000000031"])
        release.settle([committed])
        #expect(release.isComplete)
        guard case .missing("/p/runs/a/8", let data) = release.memory else { throw NoRecord() }
        #expect(!data.isEmpty)
    }

    @Test func aPlaceThatMayNotBeWrittenIsNoRefusedRelease() throws {
        var release = unlocked()
        release.settle([failure(.notAuthorized, 2)])
        #expect(operations(release).count == 2 && release.refused.isEmpty)
        release.settle([committed])
        #expect(release.isComplete)
        guard case .refused = release.memory else { throw NoRecord() }
    }
}
