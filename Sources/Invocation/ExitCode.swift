import Glibc
package import Host
package import Run

/// The one place that turns an outcome into an exit code.
package struct ExitCode: Sendable {
    private let skip: UInt8?
    private let codes: [String: UInt8]
    private let unavailableIsSkip: Bool

    /// - Parameter onUnavailable: what the configuration says.
    package init(_ arguments: Arguments, onUnavailable: Unavailability = .fail) {
        skip = arguments.skipExitCode
        codes = arguments.exitCodes
        unavailableIsSkip = (arguments.onUnavailable ?? onUnavailable) == .skip
    }

    package func code(for ended: Ended) -> Int32 {
        if let code = override(ended) { return code }
        return ended.code ?? (isSkip(ended) ? 0 : ended.outcome.defaultCode)
    }

    /// Nothing to complain of.
    package func isSkip(_ ended: Ended) -> Bool {
        ended.outcome.isSkip || ended.outcome == .unavailable && !ended.isRefused && unavailableIsSkip
    }

    /// SIGINT is raised again, so that a shell loop around us stops as it would around the command.
    package func signalToDieOf(_ ended: Ended) -> Int32 {
        ended.outcome == .signaled && ended.signal == SIGINT && override(ended) == nil ? SIGINT : 0
    }

    private func override(_ ended: Ended) -> Int32? {
        if let code = codes[ended.outcome.rawValue] { return Int32(code) }
        if isSkip(ended), let skip { return Int32(skip) }
        return nil
    }
}
