import Coordination
import Testing

@testable import Recipes
@testable import Text

/// `--wait`: a run stands in the lock's queue, and its head alone watches the lock.
@Suite struct AcquisitionWaitTests {
    private static let place = "/p/waiters/a/a-0000000005"
    private let noted = Noted<Notice>()

    private func perform(
        wait: Limit = .forever, outerSession: String? = nil, group: String? = nil, script: [Step],
        line: SourceLocation = #_sourceLocation
    ) async throws(Interruption) -> Acquisition.Verdict {
        let job = Job.sample {
            $0.lockWait = wait
            $0.outerSession = outerSession
            $0.group = group
        }
        return try await Acquisition(ScriptedEnsemble(script, line: line), job, notice: noted.append).perform()
    }

    private static let held = Answer.owned(by: 9)
    private static let running = Answer.record(.sample(.running), version: 6)

    private func looksAtHeld(line: SourceLocation = #_sourceLocation) -> Step {
        .looks(lock: Self.held, record: Self.running, watches: true, at: line)
    }

    private func enters(line: SourceLocation = #_sourceLocation) -> Step {
        .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [5]), line: line)
    }

    private func lists(_ names: String..., line: SourceLocation = #_sourceLocation) -> Step {
        .asks("list /p/waiters/a", .names(names), line: line)
    }

    // MARK: The queue

    @Test func aFreeLockIsTakenWithoutAPlace() async throws {
        let verdict = try await perform(script: [.looks(watches: true), .takes()])
        #expect(verdict.claims != nil)
    }

    @Test func theHeadWatchesTheLockAndGivesItsPlaceUpWithTheTake() async throws {
        let verdict = try await perform(script: [
            looksAtHeld(), enters(), lists("a-0000000005"), .looksAgain(lock: Self.held, record: Self.running),
            .changes("/p/locks/a"), .looksAgain(record: .record(.sample(), version: 7)),
            .takesOver(more: ", delete \(Self.place)"),
        ])
        #expect(verdict.claims?.record?.version == 8)
        #expect(noted.all == [.waitingForLock("/p/locks/a")])
    }

    @Test func whoStandsBehindAnotherWatchesItsPlaceAndNotTheLock() async throws {
        let verdict = try await perform(script: [
            looksAtHeld(), enters(), lists("a-0000000004", "a-0000000005"),
            .asks("exists /p/waiters/a/a-0000000004 watched", .owned(by: 8)),
            .changes("/p/waiters/a/a-0000000004"), lists("a-0000000005"), .looksAgain(),
            .takes(more: ", delete \(Self.place)"),
        ])
        #expect(verdict.claims != nil)
    }

    @Test func aQueueIsEnteredEvenIfTheLockIsFree() async throws {
        let verdict = try await perform(script: [
            .looks(line: .names(["a-0000000004"]), watches: true),
            .asks("exists /p/waiters/a/a-0000000004", .owned(by: 8)), enters(),
            lists("a-0000000004", "a-0000000005"), .asks("exists /p/waiters/a/a-0000000004 watched", .noNode),
            lists("a-0000000005"), .looksAgain(), .takes(more: ", delete \(Self.place)"),
        ])
        #expect(verdict.claims != nil)
    }

    /// Originals do not look at the queue.
    @Test func aHeadWhoseTakeCameTooLateKeepsItsPlaceAndWaitsOn() async throws {
        let verdict = try await perform(script: [
            looksAtHeld(), enters(), lists("a-0000000005"), .looksAgain(),
            .takes(.fails(.nodeExists, at: "/p/locks/a"), more: ", delete \(Self.place)", lock: Self.held),
            .looksAgain(lock: Self.held, record: Self.running), .changes("/p/locks/a"), .looksAgain(),
            .takes(more: ", delete \(Self.place)"),
        ])
        #expect(verdict.claims != nil)
    }

    @Test func aLockThatSomebodyTakesAfterTheLookIsWaitedForInTheQueue() async throws {
        let verdict = try await perform(script: [
            .looks(watches: true), .takes(.fails(.nodeExists, at: "/p/locks/a"), lock: Self.held), enters(),
            lists("a-0000000005"), .looksAgain(), .takes(more: ", delete \(Self.place)"),
        ])
        #expect(verdict.claims != nil)
    }

    /// A read of a node that is missing keeps no watch: a look at whether it is there does, and misses nothing in between.
    @Test func aPrefixThatIsMissingIsWatchedForItsMaking() async throws {
        let verdict = try await perform(script: [
            .looks(fleet: .noNode, lock: Self.held, record: Self.running, watches: true),
            .asks("exists /p watched", .owned(by: 0)), .asks("get /p watched", .data(#"{"paused": ["a"]}"#)),
        ])
        #expect(verdict.skip == .paused)
    }

    /// The watch of the look tells if it has gone, so nobody asks until both say the same.
    @Test func aPrefixThatIsThereAndCannotBeReadIsReadOnceMore() async throws {
        let verdict = try await perform(script: [
            .looks(fleet: .noNode, watches: true), .asks("exists /p watched", .owned(by: 0)),
            .asks("get /p watched", .noNode), .takes(),
        ])
        #expect(verdict.claims != nil)
    }

    /// A server may ask for the right to look as well (ZOOKEEPER-2590).
    @Test func aPrefixThatIsMadeMeanwhileAndHiddenStopsNoRunThatDoesNotNeedIt() async throws {
        let verdict = try await perform(script: [
            .looks(fleet: .noNode, watches: true), .asks("exists /p watched", .fails(.notAuthorized)),
            .asks("get /p watched", .fails(.notAuthorized)), .takes(),
        ])
        #expect(verdict.claims != nil)
    }

    @Test func aPrefixThatIsMadeMeanwhileIsRead() async throws {
        let verdict = try await perform(script: [
            .looks(fleet: .noNode, lock: Self.held, record: Self.running, watches: true),
            .asks("exists /p watched", .noNode), enters(), lists("a-0000000005"),
            .looksAgain(lock: Self.held, record: Self.running), .changes("/p"),
            .asks("get /p watched", .data(#"{"paused": ["a"]}"#)),
        ])
        #expect(verdict.skip == .paused)
    }

    // MARK: Its ends

    @Test func theWaitForTheLockRunsOutAsASkip() async throws {
        let verdict = try await perform(
            wait: .seconds(60),
            script: [
                looksAtHeld(), enters(), lists("a-0000000005"), .looksAgain(lock: Self.held, record: Self.running),
                .wakes(at: 160),
            ])
        #expect(verdict.skip == .locked)
    }

    @Test func theWaitRunsOnePeriodForPredecessorsAndLockTogether() async throws {
        let verdict = try await perform(
            wait: .seconds(60),
            script: [
                looksAtHeld(), enters(), lists("a-0000000004", "a-0000000005"),
                .asks("exists /p/waiters/a/a-0000000004 watched", .owned(by: 8)), .sleeps(until: 150),
                .changes("/p/waiters/a/a-0000000004"), lists("a-0000000005"),
                .looksAgain(lock: Self.held, record: Self.running), .wakes(at: 160),
            ])
        #expect(verdict.skip == .locked)
    }

    @Test(
        arguments: [(#"{"paused": ["a"]}"#, .paused), (#"{"drained": ["h"]}"#, .drained)]
            as [(String, Acquisition.Skip)])
    func aPauseAndADrainEndTheWaitForTheLock(data: String, skip: Acquisition.Skip) async throws {
        let verdict = try await perform(script: [
            looksAtHeld(), enters(), lists("a-0000000005"), .looksAgain(lock: Self.held, record: Self.running),
            .changes("/p", .changed), .asks("get /p watched", .data(data)),
        ])
        #expect(verdict.skip == skip)
    }

    @Test func aPauseEndsTheWaitForAPredecessor() async throws {
        let verdict = try await perform(script: [
            looksAtHeld(), enters(), lists("a-0000000004", "a-0000000005"),
            .asks("exists /p/waiters/a/a-0000000004 watched", .owned(by: 8)),
            .changes("/p", .changed), .asks("get /p watched", .data(#"{"paused": ["a"]}"#)),
        ])
        #expect(verdict.skip == .paused)
    }

    /// Of a run with a group that heads the queue of a held lock: the fleet's data changes, and is read again.
    private func readsAgainInWait(_ answer: Answer) -> [Step] {
        [
            .looks(fleet: .data(#"{"groups": {"g": ["h"]}}"#), lock: Self.held, record: Self.running, watches: true),
            enters(), lists("a-0000000005"), .looksAgain(lock: Self.held, record: Self.running),
            .changes("/p", .changed), .asks("get /p watched", answer),
        ]
    }

    @Test func aHostThatLeavesItsGroupStopsWaiting() async throws {
        let verdict = try await perform(
            group: "g",
            script: readsAgainInWait(.data(#"{"groups": {"g": ["other"]}}"#)))
        #expect(verdict.skip == .notInGroup)
    }

    @Test(arguments: [.data("h 1"), .data(#"{"groups": {}}"#), .fails(.notAuthorized)] as [Answer])
    func dataThatCannotBeReadNowEndsNoWait(answer: Answer) async throws {
        let verdict = try await perform(
            group: "g",
            script: readsAgainInWait(answer) + [
                .changes("/p/locks/a"), .looksAgain(), .takes(more: ", delete \(Self.place)"),
            ])
        #expect(verdict.claims != nil)
    }

    @Test func theLockOfTheRunThatStartedThisOneWouldBeWaitedForForEver() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(outerSession: "9", script: [looksAtHeld()])
        }
        #expect(found?.isWaitForItself == true)
    }

    @Test func aPersistentLockIsNotWaitedFor() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [.looks(lock: .persistent, watches: true)])
        }
        #expect(found?.isBadData(naming: "/p/locks/a") == true)
    }

    @Test func aSessionThatEndsWhileTheRunWaitsEndsTheWait() async {
        let found = await interruption { () async throws(Interruption) in
            try await perform(script: [
                looksAtHeld(), enters(), lists("a-0000000005"), .looksAgain(lock: Self.held, record: Self.running),
                .happens(.cut), .happens(.session(.expired)),
            ])
        }
        #expect(found == .sessionExpired)
    }
}
