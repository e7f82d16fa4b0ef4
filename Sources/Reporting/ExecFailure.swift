import Glibc
import POSIX
package import Run
import Text

/// Why a program could not be executed, in words: what execve(2) left in errno, and what the files look like that it needed.
///
/// The error alone does not tell which file is meant. ENOENT is the same for a program that does not exist, for a script whose
/// interpreter does not, and for a binary whose dynamic loader does not.
package struct ExecFailure {
    private let word: [UInt8]
    private let code: Int32
    private let folders: [[UInt8]]

    /// - Parameter word: the program as execvp(3) got it.
    /// - Parameter path: the value of PATH; nil if there is none.
    package init(_ word: [UInt8], errno code: Int32, path: String? = Self.searchPath) {
        (self.word, self.code) = (word, code)
        // Without PATH, these are what execvp searches. An empty name is the working directory.
        let path = Array((path ?? "/bin:/usr/bin").utf8)
        folders = path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
            $0.isEmpty ? Array(".".utf8) : Array($0)
        }
    }

    /// What execvp(3) would fail of here and now, as far as can be seen from outside; nil if of nothing.
    package static func foreseen(_ word: [UInt8], path: String? = Self.searchPath) -> ExecFailure? {
        let failure = ExecFailure(word, errno: ENOENT, path: path)
        let files = word.contains(UInt8(ascii: "/")) ? [word] : failure.candidates
        let codes = files.map(code(of:))
        if codes.contains(0) { return nil }
        // It looks on for another of that name, and remembers that it was not allowed to execute one.
        let code = files.count == 1 && files[0] == word ? codes[0] : codes.contains(EACCES) ? EACCES : ENOENT
        return ExecFailure(word, errno: code, path: path)
    }

    /// As a run ends of it: ENOENT, of the command or of its interpreter, is 127, and all else 126.
    package var outcome: Outcome { code == ENOENT ? .notFound : .notExecutable }

    package static var searchPath: String? { unsafe getenv("PATH").map { unsafe String(cString: $0) } }

    /// One line: the program, what is wrong, what to do.
    package var message: String {
        let trouble = Self.isAboutFiles(code) ? troubleOfFiles : nil
        let (what, advice) = trouble ?? ("cannot be executed: \(String(errno: code))", Self.advice(code))
        return "\(Self.shown(word)): \(what); \(advice)"
    }

    private typealias Trouble = (what: String, advice: String)

    private static func isAboutFiles(_ code: Int32) -> Bool {
        [ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, EISDIR].contains(code)
    }

    private static func advice(_ code: Int32) -> String {
        switch code {
        case E2BIG: "pass less in its arguments and its environment, for example a file's name instead of the data"
        case ETXTBSY: "wait until the file is no longer open for writing; replace programs by mv, not by cp"
        case EPERM: "find out which security policy of this host forbids it"
        case ENOMEM, EAGAIN, EMFILE, ENFILE: "raise the limit that this account or host has reached, or try again later"
        case EIO, ESTALE, ENODEV, ETIMEDOUT: "check the file system that holds it"
        default: "make it an executable file"
        }
    }

    // MARK: Which file

    private var candidates: [[UInt8]] { word.isEmpty ? [] : folders.map { $0 + [UInt8(ascii: "/")] + word } }

    private var troubleOfFiles: Trouble? {
        guard let file = program else {
            let path = Excerpt.of(
                folders.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ":"), longest: 200)
            return code == ENOENT ? ("command not found", "name a program in PATH (\(path)) or by its path") : nil
        }
        if let trouble = Self.trouble(with: file) {
            return file == word ? trouble : ("\(Self.shown(file)): \(trouble.what)", trouble.advice)
        }
        var user = file
        // The kernel follows no more than these: an interpreter may be a script, too.
        for _ in 0..<5 {
            guard let helper = Helper(of: user) else { return nil }
            if let trouble = Self.trouble(with: helper.path) { return (helper.sentence(trouble.what), helper.advice) }
            user = helper.path
        }
        return ("too many interpreters that are scripts themselves", "name a program in the first line")
    }

    /// The file that was to be executed; nil if no folder of PATH has one of that name.
    private var program: [UInt8]? {
        if word.contains(UInt8(ascii: "/")) { return word }
        return candidates.first {
            guard let kind = Self.kind($0, followsLinks: false) else { return false }
            return kind != S_IFDIR
        }
    }

    // MARK: What is wrong with it

    /// ST_NOEXEC of statvfs(3), which Swift does not see.
    private static let noexec: UInt = 8

    /// Nil: it can be executed, as far as can be seen from outside.
    private static func trouble(with file: [UInt8]) -> Trouble? {
        guard let kind = kind(file) else { return troubleOnTheWay(to: file, errno) }
        if kind == S_IFDIR { return ("is a directory", "name a program") }
        if kind != S_IFREG { return ("is not a regular file", "name a program") }
        if unsafe faccessat(AT_FDCWD, cString(file), X_OK, AT_EACCESS) == 0 { return nil }
        var system = statvfs()
        if unsafe statvfs(cString(file), &system) == 0, system.f_flag & noexec != 0 {
            return ("its file system is mounted noexec", "move it, or name its interpreter before it")
        }
        return ("is not executable: \(String(errno: EACCES))", "chmod +x it, or name its interpreter before it")
    }

    /// What execve(2) would answer for this file, its interpreters included; 0 if it would not refuse it.
    private static func code(of file: [UInt8]) -> Int32 {
        var file = file
        for _ in 0..<5 {
            guard let kind = kind(file) else { return errno }
            let mayExecute = unsafe faccessat(AT_FDCWD, cString(file), X_OK, AT_EACCESS) == 0
            guard kind == S_IFREG, mayExecute else { return EACCES }
            guard let helper = Helper(of: file) else { return 0 }
            file = helper.path
        }
        return ELOOP
    }

    private static func troubleOnTheWay(to file: [UInt8], _ code: Int32) -> Trouble {
        switch code {
        case ENOENT:
            guard let target = linkTarget(file) else { return (String(errno: code).lowercasedFirst, "check the path") }
            return ("is a symbolic link to \(shown(target)), which does not exist", "mend the link")
        case ENOTDIR, EACCES:
            let barrier = barrier(before: file, code).map { "\(shown($0)): " } ?? ""
            return code == ENOTDIR
                ? ("\(barrier)not a directory", "check the path")
                : ("\(barrier)no permission to search this directory", "let this account search it")
        case ELOOP: return ("its symbolic links form a loop, or are too many", "mend them")
        default: return (String(errno: code).lowercasedFirst, "check the path")
        }
    }

    /// The first part of a path that is no directory, or cannot be searched.
    private static func barrier(before file: [UInt8], _ code: Int32) -> [UInt8]? {
        for end in file.indices where file[end] == UInt8(ascii: "/") && end > 0 {
            let part = Array(file[..<end])
            guard let kind = kind(part) else { return nil }
            if code == ENOTDIR ? kind != S_IFDIR : unsafe faccessat(AT_FDCWD, cString(part), X_OK, AT_EACCESS) != 0 {
                return part
            }
        }
        return nil
    }

    // MARK: Files

    /// S_IFREG and the like; nil with errno.
    private static func kind(_ path: [UInt8], followsLinks: Bool = true) -> mode_t? {
        var info = stat()
        let flags = followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
        return unsafe fstatat(AT_FDCWD, cString(path), &info, flags) == 0 ? info.st_mode & S_IFMT : nil
    }

    private static func linkTarget(_ path: [UInt8]) -> [UInt8]? {
        var target = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(cString(path), &target, target.count)
        return count > 0 ? target.prefix(count).map { UInt8(bitPattern: $0) } : nil
    }

    private static func cString(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }

    /// A name from outside: control characters as a programmer writes them, since one of them may be what is wrong.
    fileprivate static func shown(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars.map {
            switch $0 {
            case "\r": "\\r"
            case "\n": "\\n"
            case "\t": "\\t"
            default: String($0)
            }
        }
        return Excerpt.of(text.joined(), longest: 200)
    }
}

/// A second file that the kernel needs to execute one: the interpreter of a script, the dynamic loader of a binary.
private struct Helper {
    let path: [UInt8]
    let isOfScript: Bool

    init?(of file: [UInt8]) {
        guard let descriptor = Self.open(file) else { return nil }
        defer { close(descriptor) }
        // As much as the kernel reads.
        let head = Self.read(descriptor, at: 0, count: 256)
        if head.starts(with: Array("#!".utf8)) {
            let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
            let name = line.drop(while: Self.isBlank).prefix { !Self.isBlank($0) && $0 != 0 }
            if name.isEmpty { return nil }
            (path, isOfScript) = (Array(name), true)
        } else if let loader = Self.loader(head, descriptor) {
            (path, isOfScript) = (loader, false)
        } else {
            return nil
        }
    }

    func sentence(_ what: String) -> String {
        let name = isOfScript ? "its first line names the interpreter" : "it needs the dynamic loader"
        return "\(name) \"\(ExecFailure.shown(path))\": \(what)"
    }

    var advice: String {
        if !isOfScript { return "install that, or a build of the program for this system" }
        if path.last == UInt8(ascii: "\r") {
            return "the line ends in a carriage return (\\r): give the file Unix line ends (sed -i 's/\\r$//')"
        }
        return "install it, or correct the line"
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// PT_INTERP of an ELF file of this host's byte order, see elf(5).
    private static func loader(_ head: [UInt8], _ descriptor: Int32) -> [UInt8]? {
        guard head.count >= 64, head.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { return nil }
        let isWide = head[4] == 2
        let table = number(head, isWide ? 32 : 28, isWide ? 8 : 4)
        let size = number(head, isWide ? 54 : 42, 2)
        let count = min(number(head, isWide ? 56 : 44, 2), 64)
        guard size >= 32, let table = Int(exactly: table) else { return nil }
        for index in 0..<Int(count) {
            let entry = read(descriptor, at: table &+ index * Int(size), count: Int(size))
            guard entry.count >= (isWide ? 56 : 32), number(entry, 0, 4) == 3 else { continue }
            let length = number(entry, isWide ? 32 : 16, isWide ? 8 : 4)
            guard let offset = Int(exactly: number(entry, isWide ? 8 : 4, isWide ? 8 : 4)) else { return nil }
            let name = read(descriptor, at: offset, count: Int(min(length, 4096))).prefix { $0 != 0 }
            return name.isEmpty ? nil : Array(name)
        }
        return nil
    }

    private static func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> UInt64 {
        bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Without waiting, whatever it is.
    private static func open(_ file: [UInt8]) -> Int32? {
        let path = file.map { CChar(bitPattern: $0) } + [0]
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        return descriptor >= 0 ? descriptor : nil
    }

    private static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = unsafe bytes.withUnsafeMutableBytes {
            unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset))
        }
        return Array(bytes.prefix(max(0, got)))
    }
}

extension String {
    /// An error's name, in the middle of a sentence.
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
