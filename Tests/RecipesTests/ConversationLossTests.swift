import Coordination
import Testing

@testable import Recipes

/// Lost replies: what is asked again behind them, and when a proof dates from.
@Suite struct ConversationLossTests {
    private let look = Request.exists("/a", watch: false)

    @Test func askedOnceALostReplyIsToldAsLost() async throws {
        let talk = Conversation(ScriptedEnsemble([.asks("exists /a", .lost)]), .sample())
        #expect(try await talk.ask([look])[0].isLost)
    }

    /// The next server may lag behind the one whose reply was lost.
    @Test func aReadIsAskedAgainOnTheNextConnectionBehindACommittedWrite() async throws {
        let talk = Conversation(
            ScriptedEnsemble([
                .asks("exists /a", .lost, meanwhile: [.cut]), .reconnects(),
                .asks(["commit check /p": .committed, "exists /a": .version(7)]),
            ]), .sample())
        let replies = try await talk.askAgain([look])
        #expect(replies.count == 1)
        #expect(try replies[0].stat()?.version == 7)
    }

    @Test func oneLostReplyOfABurstAsksAllOfItAgain() async throws {
        let talk = Conversation(
            ScriptedEnsemble([
                .asks(["exists /a": .version(1), "exists /b": .lost]),
                .asks(["commit check /p": .committed, "exists /a": .version(2), "exists /b": .version(3)]),
            ]), .sample())
        let replies = try await talk.askAgain([look, .exists("/b", watch: false)])
        #expect(try replies.map { try $0.stat()?.version } == [2, 3])
    }

    @Test func thePrefixNeedNotExistForTheWriteThatBringsAServerUpToDate() async throws {
        let talk = Conversation(
            ScriptedEnsemble([
                .asks("exists /a", .lost),
                .asks(["commit check /p": .fails(.noNode, at: "/p"), "exists /a": .version(7)]),
            ]), .sample())
        #expect(try await talk.askAgain([look])[0].stat()?.version == 7)
    }

    /// Nothing was committed, so the reads behind it prove nothing.
    @Test func aReadBehindAWriteThatTheServerRefusesIsNotBelieved() async {
        let talk = Conversation(
            ScriptedEnsemble([
                .asks("exists /a", .lost),
                .asks(["commit check /p": .fails(.other(-119), at: "/p"), "exists /a": .version(7)]),
            ]), .sample())
        let found = await interruption { () async throws(Interruption) in try await talk.askAgain([look]) }
        #expect(found?.isUnavailable == true)
    }

    /// A server that lets in and never answers: the library takes two thirds of a session of 20 s to leave it, and each wait
    /// for a connection began a connect timeout (15 s) of its own.
    @Test func aQuestionEndsInTwiceTheConnectTimeoutWaitsForAConnectionAmongIt() async {
        let talk = Conversation(
            ScriptedEnsemble([
                .asks("exists /a", .lost, meanwhile: [.cut], takes: 13), .reconnects(),
                .asks(["commit check /p": .lost, "exists /a": .lost], meanwhile: [.cut], takes: 13), .wakes(at: 130),
            ]), .sample())
        let found = await interruption { () async throws(Interruption) in try await talk.askAgain([look]) }
        #expect(found?.isUnavailable == true)
    }

    @Test func anEndInterruptsTheWaitForAConnection() async {
        let talk = Conversation(
            ScriptedEnsemble([.asks("exists /a", .lost, meanwhile: [.cut]), .happens(.signal(15, fromTerminal: false))]
            ),
            .sample())
        let found = await interruption { () async throws(Interruption) in try await talk.askAgain([look]) }
        #expect(found == .signal(15))
    }

    @Test func aSessionThatEndsWhileTheConnectionIsLostInterrupts() async {
        let talk = Conversation(
            ScriptedEnsemble([.asks("exists /a", .lost, meanwhile: [.cut]), .happens(.session(.expired))]), .sample())
        let found = await interruption { () async throws(Interruption) in try await talk.askAgain([look]) }
        #expect(found == .sessionExpired)
    }

    /// It is what a heartbeat's proof dates from.
    @Test func anAnswerDatesFromTheMomentBeforeTheQuestionWasSubmitted() async throws {
        let talk = Conversation(ScriptedEnsemble([.asks("exists /a", .noNode, takes: 2)]), .sample())
        _ = try await talk.ask([look])
        #expect(talk.newestAnswered == BootInstant(seconds: 100))
    }

    @Test func aLostReplyIsNoAnswerToDateAnythingFrom() async throws {
        let talk = Conversation(
            ScriptedEnsemble([.asks("exists /a", .noNode, takes: 2), .asks("exists /a", .lost, takes: 2)]), .sample())
        _ = try await talk.ask([look])
        _ = try await talk.ask([look])
        #expect(talk.newestAnswered == BootInstant(seconds: 100))
    }

    @Test func lossAndReturnOfTheConnectionAreTold() async throws {
        let talk = Conversation(
            ScriptedEnsemble([
                .asks("exists /a", .lost, meanwhile: [.cut]), .reconnects(),
                .asks(["commit check /p": .committed, "exists /a": .noNode]),
            ]), .sample())
        var heard: [SessionEvent] = []
        talk.hears = { heard.append($0) }
        _ = try await talk.askAgain([look])
        #expect(heard == [.connected(.mine), .suspended, .connected(.mine)])
    }
}
