import Coordination
import Testing

/// What a failure is, and what is only told of it.
@Suite struct FailureTests {
    /// Two operators ask for the same stop: the second recognises "exists already" by this.
    @Test func asWhomItWasTriedIsNoPartOfAFailure() {
        let plain = Failure(.nodeExists, path: "/p/stops/a-1", operation: 0)
        let told = Failure(
            .nodeExists, path: "/p/stops/a-1", operation: 0, attempt: Failure.Attempt(.create, schemes: ["digest"]))
        #expect(plain == told)
        #expect(plain != Failure(.nodeExists, path: "/p/stops/a-1", operation: 1))
    }

    @Test(
        arguments: [
            (.read, [], "no permission to read /p/locks/a by its access list; no credentials were shown"),
            (
                .create, ["digest"],
                "no permission to create /p/locks/a by the access list of /p/locks; shown were digest credentials"
            ),
        ] as [(Failure.Attempt.Verb, [String], String)])
    func aMissingPermissionNamesNodeVerbAndSchemes(verb: Failure.Attempt.Verb, schemes: [String], text: String) {
        let failure = Failure(.notAuthorized, path: "/p/locks/a", attempt: Failure.Attempt(verb, schemes: schemes))
        #expect("\(failure)" == text)
    }
}
