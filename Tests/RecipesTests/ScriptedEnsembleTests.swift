import Coordination
import Recipes
import Testing

/// The tests' own double: a script that is not kept to fails the test.
@Suite struct ScriptedEnsembleTests {
    private func ask(_ question: Request, _ script: [Step]) async {
        let scripted = ScriptedEnsemble(script)
        _ = await interruption { () async throws(Interruption) in
            try await Conversation(scripted, .sample()).ask([question])
        }
    }

    @Test func aScriptThatIsKeptToPasses() async {
        await ask(.get("/a", watch: true), [.asks("get /a watched", .noNode)])
    }

    @Test(
        arguments: [
            .exists("/a", watch: true), .get("/b", watch: true), .get("/a", watch: false), .multi([.check("/a")]),
        ] as [Request])
    func anotherQuestionFailsTheTest(question: Request) async {
        await withKnownIssue { await ask(question, [.asks("get /a watched", .noNode)]) }
    }

    @Test func aQuestionBehindTheScriptFailsTheTest() async {
        await withKnownIssue { await ask(.get("/a", watch: false), []) }
    }

    @Test func aWaitThatTheScriptDoesNotEndFailsTheTest() async {
        await withKnownIssue { await ask(.get("/a", watch: false), [.asks("get /a", .silence)]) }
    }

    @Test func stepsThatAreLeftOverFailTheTest() async {
        await withKnownIssue {
            await ask(.get("/a", watch: false), [.asks("get /a", .noNode), .asks("get /a", .noNode)])
        }
    }

    @Test func anAlarmAtAnotherInstantFailsTheTest() async {
        await withKnownIssue {
            await ask(.get("/a", watch: false), [.asks("get /a", .silence), .wakes(at: 104), .happens(.callerGone)])
        }
    }

    @Test func ofATransactionTheFirstOperationIsTheGuard() {
        #expect(Request.agree(["commit check /a, create /b, delete /c"], ["commit check /a, delete /c, create /b"]))
        #expect(!Request.agree(["commit create /b, check /a"], ["commit check /a, create /b"]))
    }
}
