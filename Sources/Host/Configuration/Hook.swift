/// What an operator may want to be told of at once, each by a command of his own: that a command was started, and how a run ended.
package enum Hook: String, CaseIterable, Sendable {
    case started, succeeded, recovered, failed, lost, released
}

/// A shell command for each hook that has one.
package struct Hooks: Sendable, Equatable {
    // No dictionary: every run would pay for the making of its type.
    private var started: String?
    private var succeeded: String?
    private var recovered: String?
    private var failed: String?
    private var lost: String?
    private var released: String?

    package init() {}

    package subscript(hook: Hook) -> String? {
        get {
            switch hook {
            case .started: started
            case .succeeded: succeeded
            case .recovered: recovered
            case .failed: failed
            case .lost: lost
            case .released: released
            }
        }
        set {
            switch hook {
            case .started: started = newValue
            case .succeeded: succeeded = newValue
            case .recovered: recovered = newValue
            case .failed: failed = newValue
            case .lost: lost = newValue
            case .released: released = newValue
            }
        }
    }
}
