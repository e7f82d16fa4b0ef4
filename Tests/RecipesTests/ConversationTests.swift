import Coordination
import Testing

@testable import Recipes

/// One question: whose answer counts, what interrupts it, and when it is asked again.
@Suite struct ConversationTests {
    private func ask(
        _ requests: Request..., script: [Step], firstTicket: Int = 0
    ) async throws(Interruption) -> [Reply] {
        try await Conversation(ScriptedEnsemble(script), .sample(), firstTicket: firstTicket).ask(requests)
    }

    private let look = Request.exists("/a", watch: false)
    private let stat = Reply.success(.stat(NodeStat(version: 7)))

    // MARK: Whose answer

    @Test func theAnswersComeInTheOrderOfTheQuestions() async throws {
        let replies = try await ask(
            look, .children("/b", watch: true),
            script: [
                .asks(["exists /a": .version(7), "list /b watched": .names(["c"])])
            ])
        #expect(try replies[0].stat()?.version == 7)
        #expect(try replies[1].children() == ["c"])
    }

    @Test func anAnswerToAQuestionOfAnEarlierSessionAnswersNoneOfThisOne() async throws {
        let replies = try await ask(
            look,
            script: [
                .asks("exists /a", .silence),
                .happens(.replies(ticket: 7, [.failure(Failure(.noNode, path: "/a"))])),
                .happens(.replies(ticket: 8, [stat])),
            ], firstTicket: 7)
        #expect(try replies[0].stat()?.version == 7)
    }

    @Test func aSessionOfAnEarlierQuestionDoesNotEndThisOne() async throws {
        let replies = try await ask(
            look,
            script: [
                .asks("exists /a", .silence),
                .happens(.replies(ticket: 7, [.failure(Failure(.sessionExpired, path: "/a"))])),
                .happens(.replies(ticket: 8, [stat])),
            ], firstTicket: 7)
        #expect(replies.count == 1)
    }

    @Test func aTicketIsNeverUsedTwice() async throws {
        let talk = Conversation(
            ScriptedEnsemble([.asks("exists /a", .noNode), .asks("exists /a", .noNode)]), .sample(), firstTicket: 7)
        _ = try await talk.ask([look])
        #expect(talk.tickets == 8)
        _ = try await talk.ask([look])
        #expect(talk.tickets == 9)
    }

    // MARK: What interrupts it

    @Test(
        arguments: [
            (.session(.expired), .sessionExpired), (.session(.rolledBack), .sessionExpired),
            (.session(.authenticationFailed), .denied(Failure.credentialsRefused)),
            (.signal(1, fromTerminal: false), .signal(1)), (.signal(2, fromTerminal: true), .signal(2)),
            (.signal(3, fromTerminal: false), .signal(3)), (.signal(15, fromTerminal: false), .signal(15)),
            (.callerGone, .callerGone), (.tree(.guardianGone), .guardianGone),
        ] as [(Event, Interruption)])
    func anEndInterruptsAQuestionWhoseAnswerIsStillOut(event: Event, expected: Interruption) async {
        let found = await interruption { () async throws(Interruption) in
            try await ask(look, script: [.asks("exists /a", .silence), .happens(event)])
        }
        #expect(found == expected)
    }

    @Test(arguments: [.signal(10, fromTerminal: false), .timer, .watch(path: "/a", .changed), .cut] as [Event])
    func whatIsNoEndInterruptsNothing(event: Event) async throws {
        let replies = try await ask(
            look, script: [.asks("exists /a", .silence), .happens(event), .happens(.replies(ticket: 1, [stat]))])
        #expect(replies.count == 1)
    }

    @Test(
        arguments: [
            (.sessionExpired, .sessionExpired), (.authenticationFailed, .denied(Failure.credentialsRefused)),
        ] as [(Failure.Reason, Interruption)])
    func anAnswerThatTheSessionIsOverInterrupts(reason: Failure.Reason, expected: Interruption) async {
        let found = await interruption { () async throws(Interruption) in
            try await ask(look, look, script: [.asks(["exists /a": .version(1), "exists /a": .fails(reason)])])
        }
        #expect(found == expected)
    }

    @Test(arguments: [(499, true), (500, false)])
    func aSessionThatIsTooShortToHoldAnythingIsRefused(milliseconds: Int64, isRefused: Bool) async {
        let short = Session(id: 5, timeout: .milliseconds(milliseconds))
        let ensemble = ScriptedEnsemble([.happens(.session(.connected(short)))], session: nil)
        let found = await interruption { () async throws(Interruption) in
            try await Conversation(ensemble, .sample()).reconnected()
        }
        #expect(found?.isRefused ?? false == isRefused)
    }

    // MARK: No answer

    @Test func aServerThatDoesNotAnswerForAThirdOfTheTimeIsLeftOnce() async {
        let ensemble = ScriptedEnsemble([.asks("exists /a", .silence), .wakes(at: 105), .wakes(at: 115)])
        let talk = Conversation(ensemble, .sample())
        let found = await interruption { () async throws(Interruption) in try await talk.ask([look]) }
        #expect(found?.isUnavailable == true)
        #expect(ensemble.drops == 1)
    }

    @Test func anAnswerThatCameWhileTheProcessWasStoppedCounts() async throws {
        let replies = try await ask(
            look,
            script: [
                .asks("exists /a", .silence), .sleeps(until: 200), .happens(.replies(ticket: 1, [stat])),
            ])
        #expect(replies.count == 1)
    }

    @Test func anAnswerThatHasArrivedCountsHoweverLittleTheTimeIsOver() async throws {
        let replies = try await ask(look, script: [.asks("exists /a", .version(7), takes: 15.02)])
        #expect(try replies[0].stat()?.version == 7)
    }

    @Test func aProcessThatWasStoppedWaitsAMomentMoreAndNoLonger() async {
        let found = await interruption { () async throws(Interruption) in
            try await ask(
                look, script: [.asks("exists /a", .silence), .sleeps(until: 200), .wakes(at: 200.25)])
        }
        #expect(found?.isUnavailable == true)
    }

    // MARK: A busy server

    @Test func whatABusyServerHasNotCarriedOutIsAskedAgainAfterPausesThatDouble() async throws {
        let replies = try await ask(
            look,
            script: [
                .asks("exists /a", .throttled), .wakes(at: 100.05), .asks("exists /a", .throttled), .wakes(at: 100.15),
                .asks("exists /a", .throttled), .wakes(at: 100.35), .asks("exists /a", .version(7)),
            ])
        #expect(try replies[0].stat()?.version == 7)
    }

    @Test func whatStandsBehindAThrottledWriteIsReadAgainAndNothingIsWrittenTwice() async throws {
        let replies = try await ask(
            .multi([.check("/a")]), .multi([.delete("/b")]), .multi([.delete("/c")]), .exists("/d", watch: true),
            script: [
                .asks([
                    "commit check /a": .committed, "commit delete /b": .throttled, "commit delete /c": .committed,
                    "exists /d watched": .version(1),
                ]), .wakes(at: 100.05),
                .asks(["commit delete /b": .committed, "exists /d watched": .version(2)]),
            ])
        #expect(replies.count == 4 && replies[...2].allSatisfy(\.isCommitted))
        #expect(try replies[3].stat()?.version == 2)
    }

    @Test func aServerThatStaysBusyHasTheLastWord() async throws {
        let talk = Conversation(
            ScriptedEnsemble([.asks("exists /a", .throttled)]), .sample { $0.connectTimeout = .milliseconds(50) })
        #expect(try await talk.ask([look])[0].isThrottled)
    }
}
