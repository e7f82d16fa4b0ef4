import Coordination
import Recipes
import Run
import Testing

/// `--keep-output`: sent once, in front of the release, which waits for nothing of it.
extension TenureTests {
    private func ended(_ status: Int32, keeps: Bool = true) -> (Tenure, [Tenure.Action]) {
        var tenure = tenure { $0.keptOutputBytes = keeps ? 8192 : nil }
        _ = started(&tenure)
        let report = TreeReport.exited(waitStatus: status, remaining: 0, ending: .none)
        _ = tenure.handle(.tree(report), at: at(101))
        let actions = tenure.handle(.tree(.reaped), at: at(101))
        return (tenure, actions)
    }

    /// Where it stands among the actions, its ticket and its header.
    private func keeping(_ actions: [Tenure.Action]) -> (index: Int, ticket: Int, kept: KeptOutput)? {
        for (index, action) in actions.enumerated() {
            if case .keepOutput(let ticket, let kept, "/p/jobs/a", 4) = action { return (index, ticket, kept) }
        }
        return nil
    }

    private func isRelease(_ action: Tenure.Action) -> Bool {
        if case .submit(_, let requests) = action, case .multi(let operations)? = requests.first {
            operations.contains(.delete("/p/locks/a"))
        } else {
            false
        }
    }

    @Test func theOutputOfAFailureGoesBeforeTheRelease() throws {
        let (_, actions) = ended(3 << 8)
        let found = try #require(keeping(actions))
        #expect(actions.firstIndex(where: isRelease).map { $0 > found.index } == true)
        #expect(found.kept.outcome == "ran" && found.kept.code == 3 && found.kept.token == 17)
    }

    @Test(arguments: [(0, true), (3 << 8, false)] as [(Int32, Bool)])
    func aSuccessAndARunWithoutTheOptionKeepNothing(status: Int32, keeps: Bool) {
        let (_, actions) = ended(status, keeps: keeps)
        #expect(keeping(actions) == nil && actions.contains(where: isRelease))
    }

    @Test(
        arguments: [
            (.noNode, 1, true), (.noNode, 0, false), (.badVersion, 0, false), (.notAuthorized, 1, false),
            (.connectionLost, nil, false), (.other(-125), 1, false),
        ] as [(Failure.Reason, Int?, Bool)])
    func whateverBecomesOfItTheReleaseGoesOn(reason: Failure.Reason, operation: Int?, isMissing: Bool) throws {
        var (tenure, actions) = ended(3 << 8)
        let (found, release) = (try #require(keeping(actions)), try #require(ticket(actions)))
        let failure = Failure(reason, path: "/p/outputs/a", operation: operation)
        actions = tenure.handle(.replies(ticket: found.ticket, [.failure(failure)]), at: at(101.1))
        #expect(tenure.keeping.isMissing == isMissing && said(actions).isEmpty == isMissing)
        actions = tenure.handle(.replies(ticket: release, [.success(.committed([]))]), at: at(101.2))
        #expect(finishes(actions) && tenure.isReleased && said(actions).isEmpty)
    }

    @Test func aReleaseThatIsAnsweredWaitsForNoOtherAnswer() throws {
        var (tenure, actions) = ended(3 << 8)
        let release = try #require(ticket(actions))
        actions = tenure.handle(.replies(ticket: release, [.success(.committed([]))]), at: at(101.2))
        #expect(finishes(actions) && tenure.isReleased)
        #expect(said(actions) == [.outputNotKept("no server has acknowledged it")])
    }
}
