/// How much goes to the log, from everything to almost nothing. The raw values are syslog's.
package enum LogLevel: Int, Sendable, CaseIterable, Comparable {
    case emergency = 0, alert, critical, error, warning, notice, info, debug

    /// Reads a name: those of Log::Dispatch and of syslog, in any case.
    package init?(_ text: String) {
        switch text.lowercased() {
        case "emergency", "emerg", "panic": self = .emergency
        case "alert": self = .alert
        case "critical", "crit": self = .critical
        case "error", "err": self = .error
        case "warning", "warn": self = .warning
        case "notice": self = .notice
        case "info": self = .info
        case "debug": self = .debug
        default: return nil
        }
    }

    /// Syslog counts from emergency on, and the original (Log::Dispatch) from debug on: of the two levels that a number may
    /// mean the one that says more, so that no log falls silent in a file that both read.
    package init?(number: Int64) {
        let most = Int64(LogLevel.debug.rawValue)
        guard (0...most).contains(number) else { return nil }
        self.init(rawValue: Int(max(number, most - number)))
    }

    /// What matters more is greater: `debug < info < ... < emergency`.
    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue > right.rawValue
    }
}
