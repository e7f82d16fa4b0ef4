import Glibc

/// Opens what a setting names through no symbolic link that belongs to anybody but root and this user.
///
/// Whoever can write to a folder on the way could otherwise have root append to any file, or make one, by a link in the place of
/// a log; or have it believe another file of root's, or show it to the servers. Links in /proc, such as those that /dev/stderr
/// leads to, are the kernel's.
package enum TrustedPath {
    package enum Failure: Error, Equatable {
        case errno(Int32)
        /// The user id of whose it is.
        case link(UInt32)

        package var text: String {
            switch self {
            case .errno(let code): String(errno: code)
            case .link(let owner):
                "a symbolic link on its way belongs to another user (\(owner)), and is not followed"
            }
        }
    }

    package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(Failure) -> Int32 {
        var walk = try Walk(path)
        defer { walk.close() }
        return try walk.open(flags, mode)
    }

    /// Through all links, for who believes what is there whoever has written it.
    package static func openPlainly(_ path: String, _ flags: Int32) throws(Failure) -> Int32 {
        let file = unsafe Glibc.open(path, flags | O_CLOEXEC)
        guard file >= 0 else { throw .errno(errno) }
        return file
    }

    private struct Walk {
        private enum Kind { case link, kernelsLink, other }

        /// As the kernel's own limit (path_resolution(7)).
        private static let mostLinks = 40
        /// The inode of what is mounted at /proc (PROC_ROOT_INO of the kernel).
        private static let procRoot: ino_t = 1
        /// O_PATH, which Swift's Glibc leaves out (open(2)).
        private static let onlyPath: Int32 = 0o10_000_000

        private var folder: Int32 = -1
        /// What is still to be gone, the next one last.
        private var names: [Substring] = []
        private var links = 0

        init(_ path: String) throws(Failure) {
            if path.isEmpty { throw .errno(ENOENT) }
            if path.utf8.first != UInt8(ascii: "/") { try enter(".") }
            try add(path)
        }

        mutating func close() {
            if folder >= 0 { _ = Glibc.close(folder) }
            folder = -1
        }

        private mutating func add(_ path: String) throws(Failure) {
            if path.utf8.first == UInt8(ascii: "/") {
                close()
                try enter("/")
            }
            // By bytes: a slash with a combining mark behind it is no slash to Swift.
            names += path.utf8.split(separator: UInt8(ascii: "/")).map { Substring($0) }.filter { $0 != "." }.reversed()
        }

        private mutating func enter(_ name: String, _ flags: Int32 = 0) throws(Failure) {
            let next = try opened(name, Self.onlyPath | O_DIRECTORY | flags, 0)
            close()
            folder = next
        }

        private func opened(_ name: String, _ flags: Int32, _ mode: mode_t) throws(Failure) -> Int32 {
            let file = unsafe openat(folder < 0 ? AT_FDCWD : folder, name, flags | O_CLOEXEC, mode)
            guard file >= 0 else { throw .errno(errno) }
            return file
        }

        mutating func open(_ flags: Int32, _ mode: mode_t) throws(Failure) -> Int32 {
            while let name = names.popLast().map(String.init) {
                switch try kind(of: name) {
                case .link: try follow(name)
                case .kernelsLink where names.isEmpty: return try opened(name, flags, mode)
                case .kernelsLink: try enter(name)
                // Whoever puts a link there this moment is not followed either.
                case .other where names.isEmpty: return try opened(name, flags | O_NOFOLLOW, mode)
                case .other: try enter(name, O_NOFOLLOW)
                }
            }
            return try opened(".", flags, mode)
        }

        private func kind(of name: String) throws(Failure) -> Kind {
            var status = stat()
            guard unsafe fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFLNK
            else { return .other }
            var proc = stat()
            let isKernels =
                unsafe stat("/proc", &proc) == 0 && proc.st_ino == Self.procRoot && status.st_dev == proc.st_dev
            // The root of the host has no number in many containers, and /proc/self is his.
            let isTrusted =
                FileOwner.isTrusted(status.st_uid) || FileOwner.isGivenToContainer(folder, status.st_uid)
            guard isTrusted || isKernels && status.st_uid == FileOwner.overflow else { throw .link(status.st_uid) }
            return isKernels ? .kernelsLink : .link
        }

        private mutating func follow(_ name: String) throws(Failure) {
            links += 1
            guard links <= Self.mostLinks else { throw .errno(ELOOP) }
            var target = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = unsafe readlinkat(folder, name, &target, target.count)
            guard count > 0 else { throw .errno(count < 0 ? errno : ENOENT) }
            let bytes = target.prefix(count).map(UInt8.init(bitPattern:))
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .errno(EILSEQ) }
            try add(text)
        }
    }
}
