/// How bad a finding is, and so the whole of a check: the words and exit codes of monitoring plugins.
package enum Severity: String, Sendable, CaseIterable {
    /// Worth a line, not worth an alarm.
    case ok
    /// What was asked cannot be told.
    case unknown
    case warning
    case critical

    package var exitCode: Int32 {
        switch self {
        case .ok: 0
        case .warning: 1
        case .critical: 2
        case .unknown: 3
        }
    }

    /// What is known to be wrong is worse than what is not known.
    package static func worst(of all: some Sequence<Severity>) -> Severity {
        let found = Array(all)
        return allCases.last { found.contains($0) } ?? .ok
    }
}
