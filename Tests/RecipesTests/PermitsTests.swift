import Coordination
import Testing

@testable import Recipes

/// The count of the permits that are taken, and the wait at the head of the queues until all that are wanted are free.
@Suite struct PermitsTests {
    private static let leases = "/p/semaphores/r/leases"
    private static let marks = "/p/semaphores/r/marks"

    private func awaitRoom(
        count: Int64 = 2, limit: Double? = nil, outerSession: String? = nil, script: [Step],
        line: SourceLocation = #_sourceLocation,
        changed: () async throws(Interruption) -> Acquisition.Skip? = { () async throws(Interruption) in nil }
    ) async throws(Interruption) -> Permits.Room {
        let wanted = [LeaseRequest(resource: "r", count: count, total: 3)]
        let job = Job.sample(leases: wanted) { $0.outerSession = outerSession }
        let talk = Conversation(ScriptedEnsemble(script, line: line), job)
        return try await Permits(job: job, talk: talk) { wanted }
            .awaitRoom(limit: limit.map(BootInstant.init(seconds:)), changed: changed)
    }

    private func counts(
        _ leases: [String], _ marks: [String], meanwhile: [Event] = [], takes: Double = 0,
        line: SourceLocation = #_sourceLocation
    ) -> Step {
        .asks(
            ["list \(Self.leases) watched": .names(leases), "list \(Self.marks) watched": .names(marks)],
            meanwhile: meanwhile, takes: takes, line: line)
    }

    /// Whose lease it is, so that nobody's is not waited for.
    private func looks(at name: String, _ answer: Answer = .owned(by: 9), line: SourceLocation = #_sourceLocation)
        -> Step
    {
        .asks("exists \(Self.leases)/\(name)", answer, line: line)
    }

    // MARK: What counts

    /// The other order would miss a holder that goes between the two.
    @Test func leasesAreListedBeforeMarksEachWithAWatch() async throws {
        let room = try await awaitRoom(script: [counts([], [])])
        #expect(room.spent == [])
    }

    @Test(
        arguments: [
            ([], []), (["1_3_9_0000000001"], []), (["1_3_0000000001"], []), (["1_3_9_0000000001"], ["1_3_9_1_30"]),
            // An original's arithmetic may come to nothing, or less.
            (["0_3_0000000001", "-5_3_0000000002", "1_3_0000000003"], []),
            (["1_3_9_-2147483648"], []),
        ] as [([String], [String])])
    func thereIsRoomWhileTheSumStaysWithinTheTotal(leases: [String], marks: [String]) async throws {
        let room = try await awaitRoom(script: [counts(leases, marks)])
        #expect(room.spent == [])
    }

    @Test(arguments: ["2_3_9_0000000001", "2_3_0000000001"])
    func beyondTheTotalARunWaits(name: String) async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitRoom(
                limit: 130,
                script: [
                    counts([name], []), looks(at: name), .wakes(at: 130),
                    .asks("get /p/semaphores/r/leases/\(name)", .data("h2 7")),
                ])
        }
        let why = if case .noPermits(let why)? = found { why } else { "\(String(describing: found))" }
        #expect(why.contains("(h2, process 7)"))
    }

    @Test func whenALeaseGoesThePermitsAreCountedAgain() async throws {
        let room = try await awaitRoom(script: [
            counts(["2_3_9_0000000001"], ["2_3_9_1_30"]), looks(at: "2_3_9_0000000001"),
            .changes(Self.leases, .children), counts([], []),
        ])
        #expect(room.spent == [])
    }

    @Test func anOwnerIsLookedAtOnce() async throws {
        _ = try await awaitRoom(script: [
            counts(["2_3_9_0000000001"], []), looks(at: "2_3_9_0000000001"),
            .changes(Self.marks, .children), counts(["2_3_9_0000000001"], []),
            .changes(Self.leases, .children), counts([], []),
        ])
    }

    /// The two lists belong to different instants.
    @Test func aChangeBetweenTheTwoListsMakesBothBeReadAgain() async throws {
        _ = try await awaitRoom(script: [
            counts([], [], meanwhile: [.watch(path: Self.leases, .children)]),
            counts([], [], meanwhile: [.watch(path: Self.marks, .children)]),
            counts([], []),
        ])
    }

    @Test func lostListsAreReadAgainBehindACommittedWrite() async throws {
        _ = try await awaitRoom(script: [
            .asks(
                ["list \(Self.leases) watched": .names([]), "list \(Self.marks) watched": .lost], meanwhile: [.cut]),
            .reconnects(),
            .asks([
                "commit check /p": .committed, "list \(Self.leases) watched": .names([]),
                "list \(Self.marks) watched": .noNode,
            ]),
        ])
    }

    @Test func nodesThatAreMissingHoldNothing() async throws {
        _ = try await awaitRoom(script: [
            .asks(["list \(Self.leases) watched": .noNode, "list \(Self.marks) watched": .noNode])
        ])
    }

    // MARK: Nodes of others

    @Test(
        arguments: [
            "lock", "1_3", "1_3_1", "1_3_x_0000000001", "1_3_9_1_0000000001", "4_3_9_0000000001", "0_3_9_0000000001",
            "1_0_0000000001",
        ])
    func aNodeThatIsNobodysLeaseIsNamed(name: String) async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitRoom(script: [counts(["1_3_9_0000000001", name], [])])
        }
        #expect(found?.isBadData(naming: "\(Self.leases)/\(name)") == true)
    }

    @Test(arguments: ["x", "1_3_9_1", "1_3_9_1_86401", "1_3_9_1_-1", "0_3_9_1_30", "1_3_x_1_30"])
    func aNodeThatIsNobodysMarkOrHasATermAboveADayIsNamed(name: String) async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitRoom(script: [counts([], [name])])
        }
        #expect(found?.isBadData(naming: "\(Self.marks)/\(name)") == true)
    }

    @Test func aLeaseOfAnotherTotalIsAnError() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitRoom(script: [counts(["1_4_0000000001"], [])])
        }
        #expect(found?.isBadData(naming: "\(Self.leases)/1_4_0000000001") == true)
    }

    @Test func aPersistentLeaseThatIsInTheWayIsNamed() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitRoom(script: [counts(["2_3_0000000001"], []), looks(at: "2_3_0000000001", .persistent)])
        }
        #expect(found?.isBadData(naming: "\(Self.leases)/2_3_0000000001") == true)
    }

    // MARK: Who started this run

    @Test func permitsOfTheRunThatStartedThisOneWouldBeWaitedForForEver() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitRoom(outerSession: "9", script: [counts(["2_3_9_0000000001"], [])])
        }
        #expect(found?.isWaitForItself == true)
    }

    @Test func permitsBesideThoseOfTheRunThatStartedThisOneAreWaitedFor() async throws {
        _ = try await awaitRoom(
            count: 1, outerSession: "9",
            script: [
                counts(["2_3_9_0000000001", "1_3_8_0000000002"], []),
                .asks([
                    "exists \(Self.leases)/2_3_9_0000000001": .owned(by: 9),
                    "exists \(Self.leases)/1_3_8_0000000002": .owned(by: 8),
                ]),
                .changes(Self.leases, .children), counts(["2_3_9_0000000001"], []),
            ])
    }

    // MARK: What makes it needless

    @Test(arguments: [.locked, .paused, .drained, .notInGroup] as [Acquisition.Skip])
    func whatMakesTheRunNeedlessIsHeardOfBeforeFreePermitsAreTaken(skip: Acquisition.Skip) async throws {
        let room = try await awaitRoom(script: [counts([], [])], changed: { () async throws(Interruption) in skip })
        #expect(room.skip == skip)
    }

    @Test func anEndInterruptsTheWait() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitRoom(script: [
                counts(["2_3_9_0000000001"], []), looks(at: "2_3_9_0000000001"), .happens(.callerGone),
            ])
        }
        #expect(found == .callerGone)
    }
}

extension Permits.Room {
    var spent: [String]? { if case .free(let spent, _) = self { spent } else { nil } }
    var skip: Acquisition.Skip? { if case .needless(let skip) = self { skip } else { nil } }
}
