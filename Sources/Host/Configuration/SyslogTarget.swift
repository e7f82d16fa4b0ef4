/// Who else is told the log: a local socket, and what its reader understands.
package struct SyslogTarget: Sendable, Equatable {
    package enum Dialect: Sendable, Equatable {
        /// Syslog's, with the number of a facility.
        case syslog(facility: Int)
        /// The systemd journal's own.
        case journal
    }

    package var dialect: Dialect
    package var path: String

    static let form =
        "true, false, a facility such as \"cron\" or \"local0\", or \"journald\", and after a colon the path"
        + " of another socket than the usual"

    /// Facilities by number. The first, the kernel's, is not for us.
    private static let facilities =
        [
            nil, "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", nil, nil,
            nil, nil,
        ] + (0..<8).map { "local\($0)" }

    /// As logger(1) and syslog(3) have it.
    package static let usual = SyslogTarget(dialect: .syslog(facility: 1), path: "/dev/log")

    package init(dialect: Dialect, path: String) {
        (self.dialect, self.path) = (dialect, path)
    }

    /// Reads `NAME`, `NAME:/PATH` or `/PATH`; a container's host may show its sockets elsewhere.
    init?(_ text: String) {
        let bytes = text.utf8
        let colon = bytes.first == UInt8(ascii: "/") ? bytes.startIndex : bytes.firstIndex(of: UInt8(ascii: ":"))
        let name = String(text[..<(colon ?? bytes.endIndex)])
        self = Self.usual
        if name == "journald" {
            self.init(dialect: .journal, path: "/run/systemd/journal/socket")
        } else if let facility = Self.facilities.firstIndex(of: name) {
            dialect = .syslog(facility: facility)
        } else if !name.isEmpty || colon == nil || bytes.first == UInt8(ascii: ":") {
            return nil
        }
        guard let colon else { return }
        path = String(text[(bytes[colon] == UInt8(ascii: ":") ? bytes.index(after: colon) : colon)...])
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= Self.longestPathBytes else { return nil }
    }

    /// sun_path less its final zero byte.
    private static let longestPathBytes = 107
}
