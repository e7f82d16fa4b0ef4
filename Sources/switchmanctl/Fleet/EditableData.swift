import Fleet
import Glibc
import POSIX
import Run
import Steering
import Text

/// PREFIX's data as text that people read and edit.
enum EditableData {
    /// - Parameter forTerminal: what is no JSON is made fit for one; else it stays as it is, to be mended, but for a line's end.
    static func text(of bytes: [UInt8], forTerminal: Bool) -> [UInt8] {
        if bytes.isEmpty { return Array("{}\n".utf8) }
        if let value = try? JSONValue.parse(bytes, keepsNumbers: true) { return Array(value.editableText.utf8) }
        if !forTerminal { return bytes.last == UInt8(ascii: "\n") ? bytes : bytes + [UInt8(ascii: "\n")] }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return Array(lines.map { Visible.text(String(decoding: $0, as: UTF8.self)) + "\n" }.joined().utf8)
    }

    /// The server takes no more.
    private static let mostBytes = 1 << 20

    /// - Parameter path: "-": standard input.
    static func read(_ path: String) throws -> [UInt8] {
        let file = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Complaint.failed(.osError, "\(Excerpt.of(path)): \(String(errno: errno))") }
        defer { if file > 0 { close(file) } }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= mostBytes {
            let count = unsafe Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw Complaint.failed(.osError, "\(Excerpt.of(path)): \(String(errno: errno))") }
            if count == 0 { return bytes }
            bytes += chunk.prefix(count)
        }
        throw Complaint.failed(.badData, "\(Excerpt.of(path)): longer than 1 MB, which no server takes")
    }
}
