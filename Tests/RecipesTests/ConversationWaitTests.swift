import Coordination
import Testing

@testable import Recipes

/// Waits without a question, and the hold in which nobody's wish to stop interrupts a take.
@Suite struct ConversationWaitTests {
    private let look = Request.exists("/a", watch: false)

    private func talk(_ script: [Step]) -> (Conversation, ScriptedEnsemble) {
        let ensemble = ScriptedEnsemble(script)
        return (Conversation(ensemble, .sample()), ensemble)
    }

    // MARK: Pauses

    @Test func aPauseEndsWithAWatchThatFires() async throws {
        let (talk, _) = talk([.happens(.timer), .changes("/a")])
        try await talk.pause()
        #expect(try talk.noticed("/a"))
    }

    @Test func aPauseEndsAtItsInstant() async throws {
        let (talk, ensemble) = talk([.wakes(at: 130)])
        try await talk.pause(until: BootInstant(seconds: 130))
        #expect(ensemble.now == BootInstant(seconds: 130))
    }

    @Test func newsThatEndedAPauseDoNotEndTheNext() async throws {
        let (talk, _) = talk([.changes("/a"), .wakes(at: 130)])
        try await talk.pause()
        try await talk.pause(until: BootInstant(seconds: 130))
        #expect(try talk.noticed("/a"))
    }

    @Test func newsThatCameBeforeAPauseEndIt() async throws {
        let (talk, _) = talk([.asks("exists /a", .noNode, meanwhile: [.watch(path: "/a", .deleted)])])
        _ = try await talk.ask([look])
        try await talk.pause()
    }

    @Test func aRestLastsWhateverHappens() async throws {
        let (talk, ensemble) = talk([.changes("/a"), .happens(.signal(10, fromTerminal: false)), .wakes(at: 130)])
        try await talk.rest(until: BootInstant(seconds: 130))
        #expect(ensemble.now == BootInstant(seconds: 130))
    }

    @Test func anEndInterruptsAPauseAndARest() async {
        for rests in [false, true] {
            let (talk, _) = talk([.happens(.callerGone)])
            let found = await interruption { () async throws(Interruption) in
                if rests { try await talk.rest(until: .never) } else { try await talk.pause() }
            }
            #expect(found == .callerGone)
        }
    }

    @Test func aChangeIsNoticedOnceAndOnlyForItsPath() async throws {
        let (talk, _) = talk([.changes("/a")])
        try await talk.pause()
        #expect(try !talk.noticed("/b"))
        #expect(try talk.noticed("/a"))
        #expect(try !talk.noticed("/a"))
    }

    @Test func aChangeThatIsForgottenIsNotNoticed() async throws {
        let (talk, _) = talk([.changes("/a", .changed), .changes("/a", .deleted)])
        try await talk.pause()
        try await talk.pause()
        #expect(talk.changes(of: "/a") == [.changed, .deleted])
        #expect(try !talk.noticed("/a"))
    }

    // MARK: Held

    @Test(arguments: [.signal(15, fromTerminal: false), .callerGone, .tree(.guardianGone)] as [Event])
    func aTakeThatIsUnderWayIsLearnedOfBeforeAnythingInterrupts(event: Event) async throws {
        let (talk, _) = talk([.asks("exists /a", .noNode, meanwhile: [event])])
        talk.hold()
        #expect(try await talk.ask([look]).count == 1)
        #expect(talk.held.count == 1)
        let found = await interruption { () async throws(Interruption) in try talk.unhold() }
        #expect(found != nil && talk.held.isEmpty)
    }

    @Test func theEndOfTheSessionInterruptsATakeAtOnce() async {
        let (talk, _) = talk([.asks("exists /a", .silence), .happens(.session(.expired))])
        talk.hold()
        let found = await interruption { () async throws(Interruption) in try await talk.ask([look]) }
        #expect(found == .sessionExpired)
    }

    @Test func serversThatAreGoneTrapNobody() async {
        let ensemble = ScriptedEnsemble([
            .asks("exists /a", .silence), .happens(.signal(15, fromTerminal: false)), .wakes(at: 115),
        ])
        let talk = Conversation(ensemble, .sample { $0.connectTimeout = .seconds(600) })
        talk.hold()
        let found = await interruption { () async throws(Interruption) in try await talk.ask([look]) }
        #expect(found == .signal(15))
    }

    @Test func aSignalThatIsNoEndDoesNotShortenATake() async throws {
        let ensemble = ScriptedEnsemble([
            .asks("exists /a", .silence), .happens(.signal(10, fromTerminal: false)), .wakes(at: 300),
            .happens(.replies(ticket: 1, [.failure(Failure(.noNode, path: "/a"))])),
        ])
        let talk = Conversation(ensemble, .sample { $0.connectTimeout = .seconds(600) })
        talk.hold()
        _ = try await talk.ask([look])
        #expect(talk.held.count == 1)
        try talk.unhold()
    }
}
