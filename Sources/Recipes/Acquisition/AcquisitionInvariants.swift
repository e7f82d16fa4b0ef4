import Coordination

extension Acquisition {
    package func perform() async throws(Interruption) -> Verdict {
        let verdict = try await decide()
        assert(isSound(verdict), "the verdict on \(job.lockname), after \(takes) takes: \(verdict)")
        return verdict
    }

    /// What must hold of what a run is told.
    private func isSound(_ verdict: Verdict) -> Bool {
        switch verdict {
        case .owned(let claims):
            (claims.lock != nil) == job.takesLock && (claims.record != nil) == job.takesLock
                && claims.leases.count == job.leases.count && !earlierSessions.contains(claims.session.id)
                && claims.submittedBefore <= claims.submitted && claims.submitted <= claims.acknowledged
        case .nothingToOwn: !job.takesLock && job.leases.isEmpty && takes == 0
        // Whoever has asked for the end meanwhile has it.
        case .skipped: true
        }
    }
}
