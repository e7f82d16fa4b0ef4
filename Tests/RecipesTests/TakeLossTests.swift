import Coordination
import Testing

@testable import Recipes

/// A take whose reply was lost: it is made again, and its guard tells whether the first was carried out.
@Suite struct TakeLossTests {
    private static let look = "exists /p/locks/a watched"
    private static let plain = "commit create /p/jobs/a, create /p/locks/a ephemeral"
    private static let place = "/p/waiters/a/a-0000000005"
    private static let mark = "/p/semaphores/r/marks/1_2_5_2_30"
    private static let permit =
        "commit create \(mark), create /p/semaphores/r/leases/1_2_5_ sequential, delete \(place)"

    private func take(
        leases: Bool = false, places: [String] = [], spentMarks: [String] = [], script: [Step],
        line: SourceLocation = #_sourceLocation
    ) async throws(Interruption) -> Take.Outcome {
        let job = Job.sample(leases: leases ? [LeaseRequest(resource: "r", count: 1, total: 2)] : []) {
            $0.takesLock = !leases
        }
        return try await Take(
            job: job, talk: Conversation(ScriptedEnsemble(script, line: line), job), n: 2, found: nil,
            earlierSessions: [], places: places, spentMarks: spentMarks, fleetVersion: nil, after: []
        ).perform()
    }

    /// The take again, refused by its guard.
    private func again(line: SourceLocation = #_sourceLocation) -> Step {
        .asks([Self.plain: .fails(.nodeExists, at: "/p/jobs/a"), Self.look: .noNode], line: line)
    }

    private func lost(_ meanwhile: [Event] = [], line: SourceLocation = #_sourceLocation) -> Step {
        .asks([Self.plain: .lost, Self.look: .lost], meanwhile: meanwhile, takes: 2, line: line)
    }

    private let mine = JobRecord.sample(.running, session: "5", n: 2)

    // MARK: It was carried out

    @Test func theRecordOfThisRunSaysThatTheFirstWasCarriedOut() async throws {
        let outcome = try await take(script: [
            lost([.cut]), .reconnects(), again(), .asks("get /p/jobs/a", .record(mine, version: 4)),
            .asks(Self.look, .owned(by: 5, czxid: 44, made: 1_000)),
        ])
        let claims = try #require(outcome.claims)
        #expect(claims.lock?.czxid == 44 && claims.takenMilliseconds == 1_000)
        #expect(claims.record?.version == 4)
    }

    /// Nobody knows which of them was carried out. That one was is known once the record has been read.
    @Test func aProofFromALostTakeDatesFromTheFirstOfThem() async throws {
        let outcome = try await take(script: [
            lost(), lost(), again(), .asks("get /p/jobs/a", .record(mine), takes: 3),
            .asks(Self.look, .owned(by: 5)),
        ])
        #expect(outcome.claims?.submitted == BootInstant(seconds: 100))
        #expect(outcome.claims?.submittedBefore == BootInstant(seconds: 100), "nothing was answered before it")
        #expect(outcome.claims?.acknowledged == BootInstant(seconds: 107))
    }

    @Test func ifTheSecondSucceedsTheFirstWasNotCarriedOutAndTheProofDatesFromTheSecond() async throws {
        let outcome = try await take(script: [lost(), .asks([Self.plain: .committed, Self.look: .owned(by: 5)])])
        #expect(outcome.claims?.submitted == BootInstant(seconds: 102))
    }

    /// Without a lock the own mark is the guard.
    @Test func theOwnMarkSaysThatATakeWithoutALockWasCarriedOut() async throws {
        let outcome = try await take(
            leases: true, places: [Self.place],
            script: [
                .asks(Self.permit, .lost), .asks(Self.permit, .fails(.nodeExists, at: Self.mark)),
                .asks("list /p/semaphores/r/leases", .names(["1_2_9_0000000001", "1_2_5_0000000002"])),
            ])
        #expect(outcome.claims?.leases == ["/p/semaphores/r/leases/1_2_5_0000000002"])
        #expect(outcome.claims?.marks == [Self.mark])
    }

    /// The first heartbeat says so.
    @Test func aLeaseOfALostTakeThatWasDeletedByHandIsStillClaimed() async throws {
        let outcome = try await take(
            leases: true, places: [Self.place],
            script: [
                .asks(Self.permit, .lost), .asks(Self.permit, .fails(.nodeExists, at: Self.mark)),
                .asks("list /p/semaphores/r/leases", .names(["1_2_9_0000000001"])),
            ])
        #expect(outcome.claims?.leases == ["/p/semaphores/r/leases/deleted"])
    }

    @Test func anotherMarkOfTheOwnThatExistsMeansThatTheFirstTakeIsGone() async {
        let job = Job.sample(leases: ["r", "s"].map { LeaseRequest(resource: $0, count: 1, total: 2) }) {
            $0.takesLock = false
        }
        let multi =
            "commit create \(Self.mark), create /p/semaphores/s/marks/1_2_5_2_30, "
            + "create /p/semaphores/r/leases/1_2_5_ sequential, create /p/semaphores/s/leases/1_2_5_ sequential"
        let ensemble = ScriptedEnsemble([
            .asks(multi, .lost), .asks(multi, .fails(.nodeExists, at: "/p/semaphores/s/marks/1_2_5_2_30")),
        ])
        let found = await interruption { () async throws(Interruption) in
            try await Take(
                job: job, talk: Conversation(ensemble, job), n: 2, found: nil, earlierSessions: [], places: [],
                spentMarks: [], fleetVersion: nil, after: []
            ).perform()
        }
        #expect(found == .sessionExpired)
    }

    // MARK: It was not, or somebody else came

    @Test(arguments: [("9", 2), ("5", 1)] as [(String, Int)])
    func aRecordOfAnotherTakeSaysThatTheFirstWasNotCarriedOut(session: String, n: Int) async throws {
        let outcome = try await take(script: [
            lost(), again(), .asks("get /p/jobs/a", .record(.sample(.running, session: session, n: n))),
        ])
        #expect(outcome.isChanged)
    }

    @Test(arguments: ["", "{}", "h 1", "[]"]) func aNodeThatIsNoRecordProvesNothing(text: String) async throws {
        let outcome = try await take(script: [lost(), again(), .asks("get /p/jobs/a", .data(text))])
        #expect(outcome.isChanged)
    }

    @Test func aRecordThatIsGoneByNowProvesNothing() async throws {
        let outcome = try await take(script: [lost(), again(), .asks("get /p/jobs/a", .noNode)])
        #expect(outcome.isChanged)
    }

    /// A lock of another, whose reply to this run was lost, is not this run's.
    @Test func aLockThatExistsAtTheSecondTakeIsHeldByAnother() async throws {
        let outcome = try await take(script: [
            lost(), .asks([Self.plain: .fails(.nodeExists, at: "/p/locks/a"), Self.look: .owned(by: 9)]),
        ])
        #expect(outcome.isHeld)
    }

    private let inLine = "\(plain), delete \(place)"

    /// A take of this run gave the place up, and somebody else has the record by now.
    @Test func ifThePlaceIsGoneTooTheTakeWasCarriedOutAndTakenAway() async {
        let found = await interruption { () async throws(Interruption) in
            try await take(
                places: [Self.place],
                script: [
                    .asks([inLine: .lost, Self.look: .lost]),
                    .asks([inLine: .fails(.nodeExists, at: "/p/jobs/a"), Self.look: .noNode]),
                    .asks("get /p/jobs/a", .record(.sample(.running))), .asks("exists \(Self.place)", .noNode),
                ])
        }
        #expect(found == .sessionExpired)
    }

    @Test func ifThePlaceStandsTheTakeWasNotCarriedOut() async throws {
        let outcome = try await take(
            places: [Self.place],
            script: [
                .asks([inLine: .lost, Self.look: .lost]),
                .asks([inLine: .fails(.nodeExists, at: "/p/jobs/a"), Self.look: .noNode]),
                .asks("get /p/jobs/a", .record(.sample(.running))), .asks("exists \(Self.place)", .owned(by: 5)),
            ])
        #expect(outcome.isChanged)
    }

    @Test func aPlaceThatTheSecondTakeMissesWasGivenUpByTheFirst() async {
        let found = await interruption { () async throws(Interruption) in
            try await take(
                places: [Self.place],
                script: [
                    .asks([inLine: .lost, Self.look: .lost]),
                    .asks([inLine: .fails(.noNode, at: Self.place), Self.look: .noNode]),
                ])
        }
        #expect(found == .sessionExpired)
    }

    @Test func aSessionThatEndsMeanwhileEndsTheTake() async {
        let found = await interruption { () async throws(Interruption) in
            try await take(script: [lost([.cut]), .happens(.session(.expired))])
        }
        #expect(found == .sessionExpired)
    }

    // MARK: The look behind it

    @Test func aLookThatWasLostBehindATakeIsAskedAgain() async throws {
        let outcome = try await take(script: [
            .asks([Self.plain: .committed, Self.look: .lost]),
            .asks(Self.look, .owned(by: 5, czxid: 44)),
        ])
        #expect(outcome.claims?.lock?.czxid == 44)
    }

    @Test(arguments: [.noNode, .owned(by: 9), .persistent] as [Answer])
    func aLockThatIsAnothersOrGoneBeforeAnythingStartedIsNotOwned(answer: Answer) async {
        let found = await interruption { () async throws(Interruption) in
            try await take(script: [.asks([Self.plain: .committed, Self.look: answer])])
        }
        #expect(found == .sessionExpired)
    }

    @Test func aLockThatIsGoneBehindALostTakeIsNotOwned() async {
        let found = await interruption { () async throws(Interruption) in
            try await take(script: [
                lost(), again(), .asks("get /p/jobs/a", .record(mine)), .asks(Self.look, .owned(by: 9)),
            ])
        }
        #expect(found == .sessionExpired)
    }
}
