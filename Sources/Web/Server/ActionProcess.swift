import Glibc

/// This program once more, for one action: see `FleetAction.perform`.
enum ActionProcess {
    struct Ending: Sendable {
        let code: Int32
        let lines: [String]
    }

    /// The word that makes this program such a process.
    static let word = "--perform-action"
    /// More than any action says.
    private static let mostBytes = 65_536

    /// Runs it to its end, on a thread that may wait.
    static func run(_ action: String, config: String?) -> Ending {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return failure("socketpair", errno) }
        // Its end is the end of the action: it stays open until that has ended by itself.
        defer { close(ends[0]) }
        let (child, error) = spawn(config: config, talkingTo: ends[1])
        close(ends[1])
        guard error == 0 else { return failure("posix_spawn", error) }
        let line = Array((action + "\n").utf8)
        // It is shorter than a socket's buffer.
        _ = unsafe line.withUnsafeBytes { unsafe send(ends[0], $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL)) }
        let said = read(ends[0])
        var status: Int32 = 0
        var waited: pid_t
        repeat { waited = unsafe waitpid(child, &status, 0) } while waited < 0 && errno == EINTR
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
        guard waited == child else { return failure("waitpid", errno, lines) }
        if status & 0x7f != 0 {
            return Ending(code: 128 + status & 0x7f, lines: lines + ["its process died of signal \(status & 0x7f)"])
        }
        return Ending(code: status >> 8 & 0xff, lines: lines)
    }

    private static func spawn(config: String?, talkingTo end: Int32) -> (pid_t, Int32) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, end, STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, end, STDOUT_FILENO)
        // Also where this program was replaced by a newer one meanwhile.
        let words = ["switchman-web", word] + (config.map { ["--config", $0] } ?? [])
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let error = unsafe posix_spawn(&child, "/proc/self/exe", &actions, nil, &arguments, environ)
        return (child, error)
    }

    private static func read(_ socket: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(socket, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            if bytes.count < mostBytes { bytes += chunk.prefix(count) }
        }
    }

    private static func failure(_ call: String, _ error: Int32, _ said: [String] = []) -> Ending {
        let why = unsafe String(cString: strerror(error))
        return Ending(code: 71, lines: said + ["its process cannot be made, or be waited for: \(call): \(why)"])
    }
}
