import Coordination

/// What becomes of the session.
extension Tenure {
    mutating func session(_ event: SessionEvent) {
        switch event {
        case .connected(let session):
            isConnected = true
            // The servers may expire it sooner now: the guardian is to know at once.
            if heartbeats?.shorten(to: session.timeout) == true { postpone() }
            heartbeats?.connected(at: now)
            if case .settingRecord(.due) = phase { setRecord() }
            if case .releasing(let releasing) = phase, case .due = releasing.step { continueRelease(releasing) }
        case .suspended:
            isConnected = false
        case .expired, .rolledBack:
            if isReleasing { return finish() }
            lose(event == .expired ? Ending.sessionExpired : Ending.sessionForgotten)
            // Owns nothing, and still has to see when its host leaves the group.
            if claims == nil, caresForFleet {
                isConnected = false
                fleet.beginAnew()
                actions.append(.connectAnew)
            }
        case .authenticationFailed:
            // Neither proof nor loss; the deadline decides.
            break
        }
    }
}
