import Glibc
import Host
import Text

/// One event of a run's log, in each of the forms that it can take.
struct LogEntry {
    private let lockname: String
    private let host: String
    /// What a signal may be sent to: the caller's child, and not the process that writes.
    private let pid: Int32
    let level: LogLevel
    /// As it was said: it may quote what somebody else has written.
    private let message: String
    /// What the message says in words, for programs.
    private let fields: [String: JSONValue]
    private let time: LogTime
    var isForScreenOnly = false

    /// PIPE_BUF: what a pipe takes in one piece or not at all. Syslog's daemons take as much.
    static let longestBytes = 4096

    init(
        lockname: String, host: String, pid: Int32, level: LogLevel, message: String,
        fields: [String: JSONValue] = [:], clock: timespec? = nil
    ) {
        (self.lockname, self.host, self.pid, self.level) = (lockname, host, pid, level)
        (self.message, self.fields) = (message, fields)
        time = clock.map { LogTime($0) } ?? .now()
    }

    /// A line for whoever sits before standard error.
    func screenLine(_ format: LogFormat) -> [UInt8] {
        switch format {
        case .text: Self.line(Excerpt.line("switchman: \(lockname): \(message)"))
        case .json: Self.line(json)
        }
    }

    /// A line of the logfile; as text, in the original's columns, with the job's name before the message: many jobs share a file.
    func fileLine(_ format: LogFormat) -> [UInt8] {
        switch format {
        case .text: Self.line("\(time.original)\t[\(pid)]\t\(Excerpt.line("\(lockname): \(message)"))")
        case .json: Self.line(json)
        }
    }

    /// What a socket's reader gets in one datagram.
    func datagram(_ format: LogFormat, _ dialect: SyslogTarget.Dialect) -> [UInt8] {
        switch dialect {
        case .journal: return journal
        case .syslog(let facility):
            let head = "<\(facility * 8 + level.rawValue)>\(time.syslog) switchman[\(pid)]: "
            let text = format == .json ? json : Excerpt.line("\(lockname): \(message)")
            return Array((head + text).beginning(bytes: Self.longestBytes).utf8)
        }
    }

    private static func line(_ text: String) -> [UInt8] {
        let bytes = Array((text + "\n").utf8)
        return bytes.count <= longestBytes ? bytes : bytes.prefix(longestBytes - 1) + [UInt8(ascii: "\n")]
    }

    // MARK: JSON

    /// An object that is whole: what is too long for a line is cut in the message.
    private var json: String {
        let whole = object(message).plainText
        // Leaves room for what stands around it in a datagram, and for the end of the line.
        let longest = Self.longestBytes - 64
        guard whole.utf8.count > longest else { return whole }
        var room = longest - object("").plainText.utf8.count
        let kept = message.unicodeScalars.prefix { scalar in
            room -= JSONValue.string(String(scalar)).plainText.utf8.count - 2
            return room >= 0
        }
        return object(String(kept)).plainText
    }

    private func object(_ message: String) -> JSONValue {
        var members: [ExactName: JSONValue] = [:]
        for (name, value) in fields { members[ExactName(name)] = value }
        members["time"] = .string(time.rfc3339)
        members["level"] = .string("\(level)")
        members["host"] = .string(host)
        members["lockname"] = .string(lockname)
        members["pid"] = .integer(Int64(pid))
        members["message"] = .string(message)
        return .object(members)
    }

    // MARK: The journal

    /// The journal's own protocol: fields, one after the other.
    private var journal: [UInt8] {
        let text = "\(lockname): \(message)".beginning(bytes: Self.longestBytes)
        var bytes = Self.field("MESSAGE", text) + Self.field("PRIORITY", String(level.rawValue))
        // The journal adds a _PID of its own, that of the process that writes.
        bytes += Self.field("SYSLOG_IDENTIFIER", "switchman") + Self.field("SYSLOG_PID", String(pid))
        bytes += Self.field("SWITCHMAN_LOCKNAME", lockname) + Self.field("SWITCHMAN_HOST", host)
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            bytes += Self.field("SWITCHMAN_" + name.uppercased(), value.string ?? value.text)
        }
        return bytes
    }

    private static func field(_ name: String, _ value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        if !bytes.contains(UInt8(ascii: "\n")) { return Array("\(name)=".utf8) + bytes + [UInt8(ascii: "\n")] }
        // A value of several lines is preceded by its length: eight bytes, the least one first.
        let length = (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) }
        return Array("\(name)\n".utf8) + length + bytes + [UInt8(ascii: "\n")]
    }
}
