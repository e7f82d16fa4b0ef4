import Coordination
import Testing

@testable import Recipes

/// Entering the queues of permits: all places in one transaction, and one run of a lockname in them.
@Suite struct QueuesTests {
    private let noted = Noted<Notice>()

    private func queues(
        _ resources: [String] = ["r"], of kind: Queues.Kind = .permits, earlierSessions: Set<Int64> = [],
        lockname: String = "a", script: [Step], line: SourceLocation = #_sourceLocation
    ) -> (Queues, ScriptedEnsemble) {
        let ensemble = ScriptedEnsemble(script, line: line)
        let leases = resources.map { LeaseRequest(resource: $0, count: 1, total: 2) }
        let job = Job.sample(leases: leases) { $0.lockname = lockname }
        let queues = Queues(
            of: kind, job: job, talk: Conversation(ensemble, job), earlierSessions: earlierSessions,
            notice: noted.append)
        return (queues, ensemble)
    }

    @Test func oneTransactionMakesThePlacesInAllQueues() async throws {
        let (queues, ensemble) = queues(
            ["r", "s"],
            script: [
                .asks(["list /p/queues/r": .names(["b-0000000001"]), "list /p/queues/s": .names([])]),
                .asks(
                    "commit create /p/queues/r/a- sequential, create /p/queues/s/a- sequential",
                    .committed(numbers: [7, 3])),
                .asks([
                    "list /p/queues/r": .names(["b-0000000001", "a-0000000007"]),
                    "list /p/queues/s": .names(["a-0000000003"]),
                ]),
            ])
        #expect(try await queues.enter() == nil)
        #expect(queues.paths == ["/p/queues/r/a-0000000007", "/p/queues/s/a-0000000003"])
        #expect(ensemble.written("/p/queues/r/a-") == Array("h 1".utf8))
        #expect(noted.all.isEmpty)
    }

    // MARK: One run of a lockname

    @Test func whoFindsItsLocknameInAQueueMakesNoPlace() async throws {
        let (queues, _) = queues(script: [
            .asks("list /p/queues/r", .names(["b-0000000001", "a-0000000002"])),
            .asks("exists /p/queues/r/a-0000000002", .owned(by: 9)),
        ])
        #expect(try await queues.enter() == "/p/queues/r/a-0000000002")
    }

    /// Looking only before lets two in.
    @Test func aLowerPlaceOfTheSameLocknameThatCameMeanwhileGoesFirst() async throws {
        let (queues, _) = queues(script: [
            .asks("list /p/queues/r", .names([])),
            .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [7])),
            .asks("list /p/queues/r", .names(["a-0000000006", "a-0000000007"])),
            .asks("exists /p/queues/r/a-0000000006", .owned(by: 9)),
        ])
        #expect(try await queues.enter() == "/p/queues/r/a-0000000006")
    }

    /// Withdrawing from any other place lets none in.
    @Test func aHigherPlaceOfTheSameLocknameIsNoReasonToWithdraw() async throws {
        let (queues, _) = queues(script: [
            .asks("list /p/queues/r", .names([])),
            .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [7])),
            .asks("list /p/queues/r", .names(["a-0000000008", "a-0000000007"])),
        ])
        #expect(try await queues.enter() == nil)
    }

    @Test func aPlaceOfThisRunsEarlierSessionIsNobodys() async throws {
        let (queues, _) = queues(
            earlierSessions: [4],
            script: [
                .asks("list /p/queues/r", .names(["a-0000000002", "a-0000000003"])),
                .asks(["exists /p/queues/r/a-0000000002": .owned(by: 4), "exists /p/queues/r/a-0000000003": .noNode]),
                .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [7])),
                .asks("list /p/queues/r", .names(["a-0000000007"])),
            ])
        #expect(try await queues.enter() == nil)
    }

    /// ZooKeeper compares bytes; to Swift the two are one text.
    @Test func aLocknameThatOnlyLooksTheSameIsAnother() async throws {
        let (queues, _) = queues(
            lockname: "\u{e9}",
            script: [
                .asks("list /p/queues/r", .names(["e\u{301}-0000000002"])),
                .asks("commit create /p/queues/r/\u{e9}- sequential", .committed(numbers: [7])),
                .asks("list /p/queues/r", .names(["e\u{301}-0000000002", "\u{e9}-0000000007"])),
            ])
        #expect(try await queues.enter() == nil)
    }

    @Test func runsOfOneLocknameStandInTheLocksQueueTogether() async throws {
        let (queues, _) = queues(
            of: .lock,
            script: [
                .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [7]))
            ])
        #expect(try await queues.enter() == nil)
        #expect(queues.paths == ["/p/waiters/a/a-0000000007"])
    }

    // MARK: Nodes of others

    @Test(arguments: ["lock", "a-1", "a-00000000012", "a-000000000x", "a-+000000001"])
    func aNodeThatIsNobodysPlaceIsNamed(name: String) async {
        let (queues, _) = queues(script: [.asks("list /p/queues/r", .names(["b-0000000001", name]))])
        let found = await interruption { () async throws(Interruption) in try await queues.enter() }
        #expect(found?.isBadData(naming: "/p/queues/r/\(name)") == true)
    }

    @Test func aPersistentPlaceOfTheSameLocknameIsNamed() async {
        let (queues, _) = queues(script: [
            .asks("list /p/queues/r", .names(["a-0000000002"])),
            .asks("exists /p/queues/r/a-0000000002", .persistent),
        ])
        let found = await interruption { () async throws(Interruption) in try await queues.enter() }
        #expect(found?.isBadData(naming: "/p/queues/r/a-0000000002") == true)
    }

    @Test func aQueueThatMayNotBeReadIsDenied() async {
        let (queues, _) = queues(script: [.asks("list /p/queues/r", .fails(.notAuthorized))])
        let found = await interruption { () async throws(Interruption) in try await queues.enter() }
        #expect(found?.isDenied == true)
    }

    // MARK: A missing parent

    @Test func onlyTheMissingNodesAboveThePlacesAreMade() async throws {
        let (queues, ensemble) = queues(
            of: .lock,
            script: [
                .asks("commit create /p/waiters/a/a- sequential", .fails(.noNode, at: "/p/waiters/a/a-")),
                .asks(["exists /p": .persistent, "exists /p/waiters": .noNode, "exists /p/waiters/a": .noNode]),
                .asks([
                    "commit create /p/waiters": .fails(.nodeExists, at: "/p/waiters"),
                    "commit create /p/waiters/a": .committed,
                ]),
                .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [7])),
            ])
        #expect(try await queues.enter() == nil)
        #expect(ensemble.written("/p/waiters/a") == Array("h 1".utf8))
        #expect(ensemble.drops == 0)
    }

    @Test func aServerThatShowsWhatTheOthersMissIsLeft() async throws {
        let (queues, ensemble) = queues(
            of: .lock,
            script: [
                .asks("commit create /p/waiters/a/a- sequential", .fails(.noNode, at: "/p/waiters/a/a-")),
                .asks(["exists /p": .persistent, "exists /p/waiters": .persistent, "exists /p/waiters/a": .persistent]),
                .asks("commit create /p/waiters/a/a- sequential", .fails(.noNode, at: "/p/waiters/a/a-")),
                .asks(["exists /p": .persistent, "exists /p/waiters": .persistent, "exists /p/waiters/a": .persistent]),
                .wakes(at: 100.5),
                .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [7])),
            ])
        #expect(try await queues.enter() == nil)
        #expect(ensemble.drops == 1)
    }

    // MARK: The end of the numbers

    @Test(arguments: [(1 << 30 - 1, false), (1 << 30, true), (1 << 31 - 1 << 24 - 1, true)] as [(Int64, Bool)])
    func aHighNumberIsServedAndWarnedOf(number: Int64, warns: Bool) async throws {
        let (queues, _) = queues(
            of: .lock,
            script: [
                .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [number]))
            ])
        #expect(try await queues.enter() == nil)
        #expect(noted.all == (warns ? [.sequenceHigh(queues.paths[0])] : []))
    }

    @Test(arguments: [1 << 31 - 1 << 24, 1 << 31 - 1] as [Int64])
    func inTheLastStretchOfTheNumbersNobodyStays(number: Int64) async {
        let (queues, _) = queues(
            of: .lock,
            script: [
                .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [number]))
            ])
        let found = await interruption { () async throws(Interruption) in try await queues.enter() }
        #expect(found?.isBadData(naming: "/p/waiters/a") == true)
    }

    @Test func aCounterThatHasStuckEndsTheRun() async {
        let (queues, _) = queues(
            of: .lock,
            script: [
                .asks("commit create /p/waiters/a/a- sequential", .fails(.nodeExists, at: "/p/waiters/a/a-"))
            ])
        let found = await interruption { () async throws(Interruption) in try await queues.enter() }
        #expect(found?.isBadData(naming: "/p/waiters/a/a-") == true)
    }

    // MARK: Leaving

    @Test func leavingGivesUpEveryPlaceOnce() async throws {
        let (queues, _) = queues(
            of: .lock,
            script: [
                .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [7])),
                .asks("commit delete /p/waiters/a/a-0000000007", .fails(.noNode, at: "/p/waiters/a/a-0000000007")),
            ])
        _ = try await queues.enter()
        try await queues.leave()
        #expect(queues.paths.isEmpty)
        try await queues.leave()
    }

    @Test func aPlaceThatMayNotBeGivenUpIsDenied() async throws {
        let (queues, _) = queues(
            of: .lock,
            script: [
                .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [7])),
                .asks(
                    "commit delete /p/waiters/a/a-0000000007", .fails(.notAuthorized, at: "/p/waiters/a/a-0000000007")),
            ])
        _ = try await queues.enter()
        let found = await interruption { () async throws(Interruption) in try await queues.leave() }
        #expect(found?.isDenied == true)
    }
}
