import Coordination
import Testing
import Text

@testable import Recipes

/// A run that wants permits: in which order it decides, and what it keeps when the lock appears.
@Suite struct AcquisitionPermitsTests {
    private static let fleet = Answer.data(#"{"resources": ["r"]}"#, version: 6)
    private static let line = "/p/waiters/a/a-0000000003"
    private static let place = "/p/queues/r/a-0000000005"
    private static let lease = "create /p/semaphores/r/leases/1_1_5_ sequential"
    private static let permit =
        ", create /p/semaphores/r/marks/1_1_5_1000000001_30, \(lease), check /p if 6, delete \(place)"
    private let noted = Noted<Notice>()

    private func perform(
        _ leases: [LeaseRequest] = [LeaseRequest(resource: "r", count: 1, total: 1)], script: [Step],
        line: SourceLocation = #_sourceLocation, with change: (inout Job) -> Void = { _ in }
    ) async throws(Interruption) -> Acquisition.Verdict {
        let job = Job.sample(leases: leases, with: change)
        return try await Acquisition(ScriptedEnsemble(script, line: line), job, notice: noted.append).perform()
    }

    private func enters(line: SourceLocation = #_sourceLocation) -> [Step] {
        [
            .asks("list /p/queues/r", .names([]), line: line),
            .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [5]), line: line),
            .lists("a-0000000005", line: line),
        ]
    }

    private func looks(watchesLock: Bool = true, line: SourceLocation = #_sourceLocation) -> Step {
        .looks(fleet: Self.fleet, watches: true, watchesLock: watchesLock, at: line)
    }

    private let taken = "1_1_9_0000000001"
    private var looksAtOwner: Step { .asks("exists /p/semaphores/r/leases/\(taken)", .owned(by: 9)) }

    // MARK: The order

    @Test func aRunQueuesCountsAndTakesLockAndPermitsAtOnce() async throws {
        let verdict = try await perform(
            script: [looks()] + enters() + [.lists("a-0000000005"), .counts(), .takes(more: Self.permit)])
        #expect(verdict.claims?.leases == ["/p/semaphores/r/leases/1_1_5_0000000001"])
    }

    @Test func withoutALockTheLockIsNotAskedFor() async throws {
        let verdict = try await perform(
            script: [.asks("get /p watched", Self.fleet)] + enters() + [
                .lists("a-0000000005"), .counts(),
                .asks(
                    "commit create /p/semaphores/r/marks/1_1_5_1000000001_30, \(Self.lease), check /p if 6, "
                        + "delete \(Self.place)", .committed),
            ]
        ) { $0.takesLock = false }
        #expect(verdict.claims?.lock == nil && verdict.claims?.leases.count == 1)
    }

    /// Two runs that stood in opposite order would wait for each other for ever.
    @Test func theOrderOfTheQueuesIsThatOfTheDeclaredResources() async throws {
        let leases = ["r", "s"].map { LeaseRequest(resource: $0, count: 1, total: 1) }
        let verdict = try await perform(
            leases,
            script: [
                .looks(fleet: .data(#"{"resources": ["s", "r"]}"#), watches: true, watchesLock: true),
                .asks(["list /p/queues/s": .names(["a-0000000001"]), "list /p/queues/r": .names([])]),
                .asks("exists /p/queues/s/a-0000000001", .owned(by: 9)),
            ])
        #expect(verdict.skip == .queued)
    }

    @Test func aResourceThatIsNotDeclaredIsAnErrorBeforeAnythingIsWritten() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [.looks(fleet: .data("{}"), watches: true, watchesLock: true)])
        }
        #expect(found?.isBadData(naming: "/p") == true)
    }

    @Test(arguments: [#""totals": {"r": 2}"#, #""totals": {"r": "x"}"#]) func aDeclaredTotalThatDoesNotAgreeIsAnError(
        totals: String
    ) async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [
                .looks(fleet: .data(#"{"resources": ["r"], \#(totals)}"#), watches: true, watchesLock: true)
            ])
        }
        #expect(found?.isBadData(naming: "/p") == true)
    }

    @Test func malformedDataFailsARunThatWantsPermits() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [.looks(fleet: .data("h 1"), watches: true, watchesLock: true)])
        }
        #expect(found?.isBadData(naming: "/p") == true)
    }

    // MARK: While it waits

    @Test func aLockThatAppearsEndsTheWaitForPermits() async throws {
        let verdict = try await perform(
            script: [looks()] + enters() + [
                .lists("a-0000000005"), .counts(taken), looksAtOwner, .changes("/p/locks/a", .created),
                .looksAgain(lock: .owned(by: 9), record: .record(.sample(.running))),
            ])
        #expect(verdict.skip == .locked)
    }

    @Test func aPauseEndsTheWaitForPermits() async throws {
        let verdict = try await perform(
            script: [looks()] + enters() + [
                .lists("a-0000000005"), .counts(taken), looksAtOwner, .changes("/p", .changed),
                .asks("get /p watched", .data(#"{"resources": ["r"], "paused": ["a"]}"#)),
            ])
        #expect(verdict.skip == .paused)
    }

    @Test func theLeaseWaitCountsFromEnteringTheQueues() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(
                script: [looks()] + enters() + [
                    .lists("b-0000000004", "a-0000000005"),
                    .asks("exists /p/queues/r/b-0000000004 watched", .owned(by: 8)),
                    .sleeps(until: 120), .changes("/p/queues/r/b-0000000004"),
                    .lists("a-0000000005"), .counts(taken), looksAtOwner, .wakes(at: 130),
                    .asks("get /p/semaphores/r/leases/1_1_9_0000000001", .noNode),
                ]
            ) { $0.leaseWait = .seconds(30) }
        }
        #expect(found?.isNoPermits == true)
    }

    @Test func aTotalThatIsDeclaredWhileTheRunWaitsIsWhatItsTakeIsConditionalOn() async throws {
        let undeclared = [LeaseRequest(resource: "r", count: 1, total: 0)]
        let one = Answer.data(#"{"resources": ["r"], "totals": {"r": 1}}"#, version: 6)
        let two = Answer.data(#"{"resources": ["r"], "totals": {"r": 2}}"#, version: 7)
        let verdict = try await perform(
            undeclared,
            script: [.looks(fleet: one, watches: true, watchesLock: true)] + enters() + [
                .lists("a-0000000005"), .counts(taken), looksAtOwner, .changes("/p", .changed),
                .asks("get /p watched", two),
                .counts(taken),
                .takes(
                    more:
                        ", create /p/semaphores/r/marks/1_2_5_1000000001_30, create /p/semaphores/r/leases/1_2_5_ sequential, "
                        + "check /p if 7, delete \(Self.place)"),
            ])
        #expect(verdict.claims?.leases == ["/p/semaphores/r/leases/1_2_5_0000000001"])
    }

    @Test func aTakeThatCameTooLateReadsTheFleetsDataToo() async throws {
        let verdict = try await perform(
            script: [looks()] + enters() + [
                .lists("a-0000000005"), .counts(), .takes(.fails(.nodeExists, at: "/p/jobs/a"), more: Self.permit),
                .looksAgain(), .asks("get /p watched", .data(#"{"resources": ["r"], "drained": ["h"]}"#)),
            ])
        #expect(verdict.skip == .drained)
    }

    // MARK: With a wait for the lock

    private func stands(line: SourceLocation = #_sourceLocation) -> [Step] {
        [
            looks(watchesLock: false, line: line),
            .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [3]), line: line),
            .asks("list /p/waiters/a", .names(["a-0000000003"]), line: line), .looksAgain(at: line),
        ]
    }

    @Test func thePlaceInTheLocksQueueIsKeptUntilTheTake() async throws {
        let verdict = try await perform(
            script: stands() + enters() + [
                .lists("a-0000000005"), .counts(), .takes(more: "\(Self.permit), delete \(Self.line)"),
            ]
        ) { $0.lockWait = .forever }
        #expect(verdict.claims != nil)
    }

    @Test func whoWaitsForTheLockLeavesTheOtherQueuesWhenItAppearsAndWaitsOn() async throws {
        let verdict = try await perform(
            script: stands() + enters() + [
                .lists("a-0000000005"), .counts(taken), looksAtOwner, .changes("/p/locks/a", .created),
                .looksAgain(lock: .owned(by: 9), record: .record(.sample(.running))),
                .asks("commit delete \(Self.place)", .committed),
                .looksAgain(lock: .owned(by: 9), record: .record(.sample(.running))),
                .changes("/p/locks/a"), .looksAgain(),
            ] + enters() + [
                .lists("a-0000000005"), .counts(), .takes(more: "\(Self.permit), delete \(Self.line)"),
            ]
        ) { $0.lockWait = .forever }
        #expect(verdict.claims != nil)
    }

    @Test func aPlaceOfTheSameLocknameInAPermitsQueueIsWaitedForInTheLocksQueueOnly() async throws {
        let rival = "/p/queues/r/a-0000000002"
        let verdict = try await perform(
            script: stands() + [
                .lists("a-0000000002"), .asks("exists \(rival)", .owned(by: 9)),
                .asks("exists \(rival) watched", .owned(by: 9)), .changes(rival),
                .asks("exists \(rival) watched", .noNode),
                .looksAgain(),
            ] + enters() + [
                .lists("a-0000000005"), .counts(), .takes(more: "\(Self.permit), delete \(Self.line)"),
            ]
        ) { $0.lockWait = .forever }
        #expect(verdict.claims != nil)
        #expect(noted.all == [.waitingForNamesake(rival)])
    }

    @Test func aRunThatWithdrawsFromAPermitsQueueLeavesNoPlaceThere() async throws {
        let rival = "/p/queues/r/a-0000000002"
        let verdict = try await perform(
            script: stands() + [
                .lists(), .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [5])),
                .lists("a-0000000002", "a-0000000005"), .asks("exists \(rival)", .owned(by: 9)),
                .asks("commit delete \(Self.place)", .committed), .asks("exists \(rival) watched", .owned(by: 9)),
                .wakes(at: 160),
            ]
        ) { $0.lockWait = .seconds(60) }
        #expect(verdict.skip == .queued)
    }

    // MARK: Mixed fleets

    @Test func permitsBeyondTheTotalAreGivenBackWithTheLockAndWaitedForAgain() async throws {
        let mine = "1_1_5_0000000002"
        let verdict = try await perform(
            script: [looks()] + enters() + [
                .lists("a-0000000005"), .counts(), .takes(.committed(numbers: [2]), more: Self.permit),
                .asks("list /p/semaphores/r/leases", .names(["1_1_0000000001", mine])),
                .asks(
                    "commit set /p/jobs/a if 0, delete /p/semaphores/r/marks/1_1_5_1000000001_30, "
                        + "delete /p/semaphores/r/leases/\(mine), delete /p/locks/a", .committed),
                .looks(
                    fleet: Self.fleet, lock: .owned(by: 9), record: .record(.sample(.running)), watches: true,
                    watchesLock: true),
            ]
        ) { $0.mixedFleet = true }
        #expect(verdict.skip == .locked)
    }
}
