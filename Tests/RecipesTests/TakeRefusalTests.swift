import Coordination
import Testing

@testable import Recipes

/// A take that the servers refuse: its first failing operation decides.
@Suite struct TakeRefusalTests {
    private let look = "exists /p/locks/a watched"
    private let multi =
        "commit set /p/jobs/a if 7, check /p/jobs if 3, create /p/locks/a ephemeral, "
        + "create /p/semaphores/r/marks/1_2_5_2_30, create /p/semaphores/r/leases/1_2_5_ sequential, check /p if 6, "
        + "delete /p/queues/r/a-0000000005, delete /p/semaphores/r/marks/1_2_9_1_30"

    /// With a lease, a place, a mark that was waited out, and a declared total.
    private func take(script: [Step], line: SourceLocation = #_sourceLocation) async throws -> (
        Take.Outcome, ScriptedEnsemble
    ) {
        let ensemble = ScriptedEnsemble(script, line: line)
        let lease = try LeaseRequest(resource: "r", count: 1, total: 0).checked(declared: 2)
        let job = Job.sample(leases: [lease])
        let outcome = try await Take(
            job: job, talk: Conversation(ensemble, job), n: 2,
            found: FoundRecord(record: .sample(), version: 7, removals: 3, writtenMilliseconds: 10),
            earlierSessions: [], places: ["/p/queues/r/a-0000000005"],
            spentMarks: ["/p/semaphores/r/marks/1_2_9_1_30"], fleetVersion: 6, after: []
        ).perform()
        return (outcome, ensemble)
    }

    private func refused(_ reason: Failure.Reason, at path: String?) async throws -> Take.Outcome {
        try await take(script: [.asks([multi: .fails(reason, at: path), look: .noNode])]).0
    }

    private func first(line: SourceLocation = #_sourceLocation) async throws -> Take.Outcome {
        let ensemble = ScriptedEnsemble(
            [
                .asks([
                    "commit create /p/jobs/a, create /p/locks/a ephemeral": .fails(.nodeExists, at: "/p/jobs/a"),
                    look: .noNode,
                ])
            ], line: line)
        let job = Job.sample()
        return try await Take(
            job: job, talk: Conversation(ensemble, job), n: 1, found: nil, earlierSessions: [], places: [],
            spentMarks: [], fleetVersion: nil, after: []
        ).perform()
    }

    @Test func aLockThatExistsIsHeld() async throws {
        #expect(try await refused(.nodeExists, at: "/p/locks/a").isHeld)
    }

    @Test(
        arguments: [
            (.badVersion, "/p/jobs/a"), (.noNode, "/p/jobs/a"), (.badVersion, "/p/jobs"), (.badVersion, "/p"),
            (.noNode, "/p/semaphores/r/marks/1_2_9_1_30"),
        ] as [(Failure.Reason, String)])
    func whatWasReadAndIsOutOfDateIsReadAgain(reason: Failure.Reason, path: String) async throws {
        #expect(try await refused(reason, at: path).isChanged)
    }

    @Test func aRecordThatExistsByNowIsReadAgain() async throws {
        #expect(try await first().isChanged)
    }

    @Test func anOwnPlaceThatSomebodyDeletedIsAnError() async {
        await #expect { try await refused(.noNode, at: "/p/queues/r/a-0000000005") } throws: {
            ($0 as? Interruption)?.isBadData(naming: "/p/queues/r/a-0000000005") == true
        }
    }

    @Test func anOwnMarkThatExistsBeforeTheFirstTakeIsAnError() async {
        await #expect { try await refused(.nodeExists, at: "/p/semaphores/r/marks/1_2_5_2_30") } throws: {
            ($0 as? Interruption)?.isBadData(naming: "/p/semaphores/r/marks/1_2_5_2_30") == true
        }
    }

    @Test func anACLDeniesTheTake() async {
        await #expect { try await refused(.notAuthorized, at: "/p/locks/a") } throws: {
            ($0 as? Interruption)?.isDenied == true
        }
    }

    @Test func aQuotaRefusesTheTake() async {
        await #expect { try await refused(.other(-125), at: "/p/jobs/a") } throws: {
            ($0 as? Interruption)?.isRefused == true
        }
    }

    @Test func aRefusalThatNamesNoOperationDecidesNothing() async {
        await #expect { try await refused(.nodeExists, at: nil) } throws: { $0 is Interruption }
    }

    @Test func aThrottledTakeIsMadeAgainAsItWas() async throws {
        let (outcome, ensemble) = try await take(script: [
            .asks([multi: .throttled, look: .noNode]), .wakes(at: 100.05),
            .asks([multi: .committed, look: .owned(by: 5)]),
        ])
        #expect(outcome.claims != nil)
        #expect(Set(ensemble.writes(of: "/p/jobs/a")).count == 1)
    }

    // MARK: A missing parent

    private let ancestors: KeyValuePairs<String, Answer> = [
        "exists /p": .persistent, "exists /p/locks": .noNode, "exists /p/semaphores": .persistent,
        "exists /p/semaphores/r": .persistent, "exists /p/semaphores/r/marks": .noNode,
        "exists /p/semaphores/r/leases": .persistent,
    ]

    @Test func missingParentsAreMadeAsTheOriginalMakesThemAndTheTakeIsMadeAgain() async throws {
        let (outcome, ensemble) = try await take(script: [
            .asks([multi: .fails(.noNode, at: "/p/locks/a"), look: .noNode]), .asks(ancestors),
            .asks(["commit create /p/locks": .committed, "commit create /p/semaphores/r/marks": .committed]),
            .asks([multi: .committed, look: .owned(by: 5)]),
        ])
        #expect(outcome.claims != nil && ensemble.drops == 0)
        #expect(ensemble.written("/p/locks") == Array("h 1".utf8))
        #expect(ensemble.written("/p/semaphores/r/marks") == Array("0".utf8))
    }

    @Test func aMissingPrefixIsMadeWithAnEmptyObject() async throws {
        let ensemble = ScriptedEnsemble([
            .asks([
                "commit create /p/jobs/a, create /p/locks/a ephemeral": .fails(.noNode, at: "/p/jobs/a"), look: .noNode,
            ]),
            .asks(["exists /p": .noNode, "exists /p/jobs": .noNode, "exists /p/locks": .noNode]),
            .asks([
                "commit create /p": .committed, "commit create /p/jobs": .committed,
                "commit create /p/locks": .committed,
            ]),
            .asks(["commit create /p/jobs/a, create /p/locks/a ephemeral": .committed, look: .owned(by: 5)]),
        ])
        let job = Job.sample()
        let outcome = try await Take(
            job: job, talk: Conversation(ensemble, job), n: 1, found: nil, earlierSessions: [], places: [],
            spentMarks: [], fleetVersion: nil, after: []
        ).perform()
        #expect(outcome.claims != nil)
        #expect(ensemble.written("/p") == Array("{}".utf8))
    }

    @Test func aParentThatOthersMakeOrRemoveMeanwhileIsNoError() async throws {
        let (outcome, _) = try await take(script: [
            .asks([multi: .fails(.noNode, at: "/p/locks/a"), look: .noNode]), .asks(ancestors),
            .asks([
                "commit create /p/locks": .fails(.nodeExists, at: "/p/locks"),
                "commit create /p/semaphores/r/marks": .fails(.noNode, at: "/p/semaphores/r/marks"),
            ]),
            .asks([multi: .committed, look: .owned(by: 5)]),
        ])
        #expect(outcome.claims != nil)
    }

    @Test func aParentThatMayNotBeMadeIsDenied() async {
        await #expect {
            try await take(script: [
                .asks([multi: .fails(.noNode, at: "/p/locks/a"), look: .noNode]), .asks(ancestors),
                .asks([
                    "commit create /p/locks": .fails(.notAuthorized, at: "/p/locks"),
                    "commit create /p/semaphores/r/marks": .committed,
                ]),
            ])
        } throws: { ($0 as? Interruption)?.isDenied == true }
    }

    /// Its tree differs from that of the servers that decide.
    @Test func aServerThatShowsParentsWhichTheOthersMissIsLeft() async throws {
        let there: KeyValuePairs<String, Answer> = [
            "exists /p": .persistent, "exists /p/locks": .persistent, "exists /p/semaphores": .persistent,
            "exists /p/semaphores/r": .persistent, "exists /p/semaphores/r/marks": .persistent,
            "exists /p/semaphores/r/leases": .persistent,
        ]
        let (outcome, ensemble) = try await take(script: [
            .asks([multi: .fails(.noNode, at: "/p/locks/a"), look: .noNode]), .asks(there),
            .asks([multi: .fails(.noNode, at: "/p/locks/a"), look: .noNode]), .asks(there), .wakes(at: 100.5),
            .asks([multi: .committed, look: .owned(by: 5)]),
        ])
        #expect(outcome.claims != nil && ensemble.drops == 1)
    }
}
