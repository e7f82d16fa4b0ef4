import Coordination
import Testing

@testable import Recipes

/// A run that wants the lock now or not at all: what it reads, when it is skipped, and what it takes.
@Suite struct AcquisitionTests {
    private let noted = Noted<Notice>()

    private func perform(
        _ job: Job = .sample(), earlierSessions: Set<Int64> = [], script: [Step],
        line: SourceLocation = #_sourceLocation
    ) async throws(Interruption) -> Acquisition.Verdict {
        try await Acquisition(
            ScriptedEnsemble(script, line: line), job, earlierSessions: earlierSessions, notice: noted.append
        ).perform()
    }

    @Test func aPlainRunReadsInOneBurstAndTakesInOneTransaction() async throws {
        let verdict = try await perform(script: [.looks(), .takes()])
        #expect(verdict.claims?.lock?.czxid == 44)
        #expect(noted.all.isEmpty)
    }

    @Test func aRunThatOwnsNothingAsksOnlyForTheFleetsData() async throws {
        let verdict = try await perform(.sample { $0.takesLock = false }, script: [.asks("get /p", .data("{}"))])
        #expect(verdict.isNothingToOwn)
    }

    @Test func anInterruptionInTheFirstBurstTakesNothing() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [.looks(meanwhile: [.signal(15, fromTerminal: false)])])
        }
        #expect(found == .signal(15))
    }

    @Test func aLostFirstBurstIsReadAgainBehindACommittedWrite() async throws {
        let verdict = try await perform(script: [
            .looks(line: .lost, meanwhile: [.cut]), .reconnects(),
            .asks([
                "commit check /p": .committed, "get /p": .data("{}"), "exists /p/locks/a": .owned(by: 9),
                "exists /p/jobs": .version(3), "get /p/jobs/a": .record(.sample(.running)),
                "list /p/waiters/a": .noNode,
            ]),
        ])
        #expect(verdict.skip == .locked)
    }

    // MARK: The fleet's data

    @Test(
        arguments: [
            (#"{"paused": ["b", "a"]}"#, .paused), (#"{"drained": ["h"]}"#, .drained),
            (#"{"paused": ["A", "aa"], "drained": ["H"]}"#, .locked),
        ] as [(String, Acquisition.Skip)])
    func aPausedJobAndADrainedHostStartNothing(data: String, skip: Acquisition.Skip) async throws {
        let verdict = try await perform(script: [
            .looks(fleet: .data(data), lock: .owned(by: 9), record: .record(.sample(.running)))
        ])
        #expect(verdict.skip == skip)
    }

    @Test func aHostOutsideTheGroupStartsNothing() async throws {
        let verdict = try await perform(
            .sample { $0.group = "g" }, script: [.looks(fleet: .data(#"{"groups": {"g": ["other"]}}"#), watches: true)])
        #expect(verdict.skip == .notInGroup)
    }

    @Test func aHostOfTheGroupGoesOn() async throws {
        let verdict = try await perform(
            .sample { $0.group = "g" },
            script: [.looks(fleet: .data(#"{"groups": {"g": ["h"]}}"#), watches: true), .takes()])
        #expect(verdict.claims != nil)
    }

    @Test func malformedDataFailsARunThatNeedsIt() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(.sample { $0.group = "g" }, script: [.looks(fleet: .data("h 1"), watches: true)])
        }
        #expect(found?.isBadData(naming: "/p") == true)
    }

    @Test(arguments: ["h 1", "{", "[]"]) func malformedDataStopsNoRunThatDoesNotNeedIt(text: String) async throws {
        let verdict = try await perform(script: [.looks(fleet: .data(text)), .takes()])
        #expect(verdict.claims != nil && noted.all.count == 1)
    }

    @Test func dataThatMayNotBeReadStopsNoRunThatDoesNotNeedIt() async throws {
        let verdict = try await perform(script: [.looks(fleet: .fails(.notAuthorized)), .takes()])
        #expect(verdict.claims != nil && noted.all.count == 1)
    }

    /// A read that is refused leaves no watch: whoever holds the claims has to read again, or misses every change.
    @Test(arguments: [(.fails(.notAuthorized), true), (.data("{}"), false), (.noNode, false)] as [(Answer, Bool)])
    func whetherTheDataWasReadIsKnown(answer: Answer, isUnread: Bool) async throws {
        let acquisition = Acquisition(ScriptedEnsemble([.looks(fleet: answer), .takes()]), .sample())
        _ = try await acquisition.perform()
        #expect(acquisition.fleetIsUnread == isUnread)
    }

    @Test func dataThatMayNotBeReadDeniesARunThatNeedsIt() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(
                .sample { $0.group = "g" }, script: [.looks(fleet: .fails(.notAuthorized), watches: true)])
        }
        #expect(found?.isDenied == true)
    }

    @Test func aMissingPrefixSaysNothing() async throws {
        let verdict = try await perform(script: [.looks(fleet: .noNode), .takes()])
        #expect(verdict.claims != nil && noted.all.isEmpty)
    }

    // MARK: The lock and its queue

    @Test func aHeldLockIsASkipWithoutAWrite() async throws {
        let verdict = try await perform(script: [.looks(lock: .owned(by: 9), record: .record(.sample(.running)))])
        #expect(verdict.skip == .locked && noted.all.isEmpty)
    }

    @Test(arguments: [true, false]) func aLockWithoutARecordIsToldIfItIsStillTheSame(isSame: Bool) async throws {
        let verdict = try await perform(script: [
            .looks(lock: .owned(by: 9, czxid: 17)),
            .asks([
                "exists /p/locks/a": .owned(by: 9, czxid: isSame ? 17 : 18),
                "get /p/locks/a": .node(Array("h1 4711".utf8), NodeStat(czxid: isSame ? 17 : 18)),
            ]),
        ])
        #expect(verdict.skip == .locked)
        #expect(noted.all == (isSame ? [.lockWithoutRecord("/p/locks/a", holder: "h1, process 4711")] : []))
    }

    /// Its data may be closed to us.
    @Test func aLockWithoutARecordIsHeldWhetherOrNotItCanBeRead() async throws {
        let verdict = try await perform(script: [
            .looks(lock: .owned(by: 9, czxid: 17)),
            .asks(["exists /p/locks/a": .owned(by: 9, czxid: 17), "get /p/locks/a": .fails(.notAuthorized)]),
        ])
        #expect(verdict.skip == .locked)
        #expect(noted.all == [.lockWithoutRecord("/p/locks/a", holder: "somebody")])
    }

    @Test func aPersistentLockIsNamed() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [.looks(lock: .persistent)])
        }
        #expect(found?.isBadData(naming: "/p/locks/a") == true)
    }

    @Test(arguments: ["h 1", "{}", #"{"state":"running","session":"9","n":1,"term":86401}"#])
    func aNodeThatIsNoRecordIsNamed(text: String) async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [.looks(record: .data(text))])
        }
        #expect(found?.isBadData(naming: "/p/jobs/a") == true)
    }

    /// A run without --wait would overtake whoever stands in the queue.
    @Test func aQueueForTheLockIsAHeldLock() async throws {
        let verdict = try await perform(script: [
            .looks(line: .names(["a-0000000004", "a-0000000003"])),
            .asks("exists /p/waiters/a/a-0000000003", .owned(by: 9)),
        ])
        #expect(verdict.skip == .locked)
    }

    @Test func aPersistentPlaceAtTheHeadOfTheQueueIsNamed() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [
                .looks(line: .names(["a-0000000003"])), .asks("exists /p/waiters/a/a-0000000003", .persistent),
            ])
        }
        #expect(found?.isBadData(naming: "/p/waiters/a/a-0000000003") == true)
    }

    @Test func aNodeInTheQueueThatIsNobodysPlaceIsNamed() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [.looks(line: .names(["a-3"]))])
        }
        #expect(found?.isBadData(naming: "/p/waiters/a/a-3") == true)
    }

    @Test func aLockThatSomebodyTakesBetweenLookAndTakeIsASkip() async throws {
        let verdict = try await perform(script: [
            .looks(), .takes(.fails(.nodeExists, at: "/p/locks/a"), lock: .owned(by: 9)),
        ])
        #expect(verdict.skip == .locked)
    }

    // MARK: Earlier sessions of the run

    @Test func theLockOfAnEarlierSessionOfThisRunIsWaitedFor() async throws {
        let verdict = try await perform(
            earlierSessions: [4],
            script: [
                .looks(lock: .owned(by: 4)), .asks("exists /p/locks/a watched", .owned(by: 4)), .changes("/p/locks/a"),
                .looksAgain(), .takes(),
            ])
        #expect(verdict.claims != nil)
    }

    @Test func aPlaceOfAnEarlierSessionOfThisRunIsNobodys() async throws {
        let verdict = try await perform(
            earlierSessions: [4],
            script: [
                .looks(line: .names(["a-0000000003"])), .asks("exists /p/waiters/a/a-0000000003", .owned(by: 4)),
                .takes(),
            ])
        #expect(verdict.claims != nil)
    }

    @Test func aPlaceBehindOneOfAnEarlierSessionIsAHeldLock() async throws {
        let verdict = try await perform(
            earlierSessions: [4],
            script: [
                .looks(line: .names(["a-0000000003", "a-0000000004"])),
                .asks([
                    "exists /p/waiters/a/a-0000000003": .owned(by: 4),
                    "exists /p/waiters/a/a-0000000004": .owned(by: 9),
                ]),
            ])
        #expect(verdict.skip == .locked)
    }

    // MARK: Reads that are out of date

    @Test func aTakeThatCameTooLateLooksAgainAndTakesOver() async throws {
        let verdict = try await perform(script: [
            .looks(), .takes(.fails(.nodeExists, at: "/p/jobs/a")),
            .looks(record: .record(.sample(), version: 7)), .takesOver(),
        ])
        #expect(verdict.claims?.record?.version == 8)
    }

    @Test func eachTakeHasAnotherNumberSoThatNoNameIsUsedTwice() async throws {
        let ensemble = ScriptedEnsemble([
            .looks(), .takes(.fails(.nodeExists, at: "/p/jobs/a")), .looks(), .takes(),
        ])
        _ = try await Acquisition(ensemble, .sample()).perform()
        #expect(ensemble.writes(of: "/p/jobs/a").map { JobRecord(bytes: $0)?.n } == [1, 2])
    }

    /// It lags for good, or has another tree than those that decide.
    @Test func aServerWhoseReadsAreContradictedFourTimesIsLeft() async throws {
        let late = [Step.looks(), .takes(.fails(.nodeExists, at: "/p/jobs/a"))]
        let ensemble = ScriptedEnsemble(late + late + late + late + [.wakes(at: 100.5), .looks(), .takes()])
        #expect(try await Acquisition(ensemble, .sample()).perform().claims != nil)
        #expect(ensemble.drops == 1)
    }

    @Test func serversThatContradictThemselvesForTheWholeConnectTimeoutAreRefused() async {
        let late = [Step.looks(), .takes(.fails(.nodeExists, at: "/p/jobs/a"))]
        let pauses = [Step.wakes(at: 100.5)] + late + [.wakes(at: 101)] + late
        let job = Job.sample { $0.connectTimeout = .seconds(1) }
        let found = await interruption { () async throws(Interruption) in
            try await perform(job, script: late + late + late + late + pauses)
        }
        #expect(found?.isRefused == true)
    }

    // MARK: A signal

    @Test func aTakeIsLearnedOfBeforeASignalInterruptsIt() async throws {
        let ensemble = ScriptedEnsemble([.looks(), .takes(meanwhile: [.signal(15, fromTerminal: false)])])
        let acquisition = Acquisition(ensemble, .sample())
        #expect(try await acquisition.perform().claims != nil)
        #expect(acquisition.talk.held.count == 1)
    }

    @Test func whatATakeDidNotGetIsNotTriedAgainAfterASignal() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [
                .looks(), .takes(.fails(.nodeExists, at: "/p/jobs/a"), meanwhile: [.signal(15, fromTerminal: false)]),
            ])
        }
        #expect(found == .signal(15))
    }
}
