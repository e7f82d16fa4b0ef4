/// How much goes to the log, from everything to almost nothing. The raw values are syslog's.
package enum LogLevel: Int, Sendable, CaseIterable, Comparable {
    case emergency = 0, alert, critical, error, warning, notice, info, debug

    /// Reads a name (those of Log::Dispatch and of syslog, in any case) or syslog's number.
    package init?(_ text: String) {
        switch text.lowercased() {
        case "0", "emergency", "emerg", "panic": self = .emergency
        case "1", "alert": self = .alert
        case "2", "critical", "crit": self = .critical
        case "3", "error", "err": self = .error
        case "4", "warning", "warn": self = .warning
        case "5", "notice": self = .notice
        case "6", "info": self = .info
        case "7", "debug": self = .debug
        default: return nil
        }
    }

    /// What matters more is greater: `debug < info < ... < emergency`.
    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue > right.rawValue
    }
}
