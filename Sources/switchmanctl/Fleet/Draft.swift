import Fleet
import Glibc
import POSIX
import Run
import Text

/// A file in which somebody edits a text, for this user alone.
struct Draft {
    let path: String
    private let text: [UInt8]

    init(_ text: [UInt8]) throws {
        self.text = text
        let folder = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? ""
        var template = Array("\(folder.isEmpty ? "/tmp" : folder)/switchman-fleet-XXXXXX.json".utf8CString)
        let file = unsafe mkstemps(&template, 5)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if file < 0 { throw Complaint.failed(.osError, "\(Excerpt.of(path)): \(String(errno: errno))") }
        let failure = WholeWrite.perform(text, to: file)
        close(file)
        if failure != 0 {
            remove()
            throw Complaint.failed(.osError, "\(Excerpt.of(path)): \(String(errno: failure))")
        }
    }

    /// The user's, by a shell, since it may have arguments.
    private static var editor: String {
        for name in ["VISUAL", "EDITOR"] {
            if let text = unsafe getenv(name), unsafe text.pointee != 0 { return unsafe String(cString: text) }
        }
        return "$(command -v editor || echo vi)"
    }

    /// - Parameter blocked: the signals that the editor is to have blocked: those that the caller had.
    func edit(blocked: UInt64) throws {
        let child: Child
        do throws(Child.Failure) {
            child = try Child(
                ["/bin/sh", "-c", "\(Self.editor) \"$1\"", "switchmanctl", path], environment: ProcessEnvironment.all(),
                deathSignal: 0, leadsSession: false, blocked: blocked)
        } catch {
            guard case .errno(let code) = error else { throw Complaint.failed(.osError, "no editor") }
            throw Complaint.failed(.osError, "/bin/sh: \(String(errno: code))")
        }
        let status = child.end()
        if status != 0 { throw Complaint.no("the editor ended with \(status); nothing was written") }
    }

    /// What it says now; nil if that is what it said at first.
    func changes() throws -> [UInt8]? {
        let edited = try EditableData.read(path)
        return edited == text ? nil : edited
    }

    /// What cannot be read may be worth something.
    var isUntouched: Bool { (try? EditableData.read(path)) == text }

    func remove() { unsafe unlink(path) }
}
