import Glibc

/// Whose files are, and what follows from it for who is root.
package enum FileOwner {
    /// Whether root may do what a file says, as cron and logrotate ask of theirs. Of a file that is open, so that nobody can put
    /// another in its place meanwhile.
    ///
    /// - Returns: nil if nobody but root can have written it, or if this is not root: what it says can do no more than who runs it.
    package static func objection(toBelieving file: Int32) -> String? {
        guard geteuid() == 0 else { return nil }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { return nil }
        guard status.st_uid == 0 || isOfNobodyHere(status.st_uid) || isGivenToContainer(file, status.st_uid) else {
            return "belongs to another user (\(status.st_uid)), who could have root do what it says; chown root it"
        }
        let others: mode_t = status.st_gid == 0 ? 0o002 : 0o022
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & others != 0 else { return nil }
        return
            "may be written by others than root (mode \(String(status.st_mode & 0o777, radix: 8))), who could have root do "
            + "what it says; chmod go-w it"
    }

    /// Whether a symbolic link may lead us somewhere.
    static func isTrusted(_ owner: UInt32) -> Bool { owner == 0 || owner == geteuid() || isOfNobodyHere(owner) }

    /// What the kernel calls all owners that a user namespace has no number for (user_namespaces(7)): there it is nobody who could
    /// become anything by us, such as the root of the host that a container was given a file by.
    private static func isOfNobodyHere(_ owner: UInt32) -> Bool {
        owner == overflow && !hasNumber(overflow, in: map)
    }

    /// The same where nobody has that number too, as in most containers: then he could have written what can be written at all.
    ///
    /// - Parameter file: what belongs to him, or the folder that it is in.
    static func isGivenToContainer(_ file: Int32, _ owner: UInt32) -> Bool {
        var volume = statvfs()
        guard owner == overflow, unsafe fstatvfs(file, &volume) == 0 else { return false }
        return volume.f_flag & UInt(ST_RDONLY) != 0 && !hasNumber(.max - 1, in: map)
    }

    private static var map: [UInt8] { (try? FileBytes.read("/proc/self/uid_map", longestBytes: 65_536)) ?? [] }

    static let overflow: UInt32 = 65_534

    /// A map of lines "INSIDE OUTSIDE COUNT"; an empty one, or none, tells nothing.
    static func hasNumber(_ id: UInt32, in map: [UInt8]) -> Bool {
        let lines = map.split(separator: UInt8(ascii: "\n"))
        return lines.isEmpty
            || lines.contains { line in
                let numbers = line.split(separator: UInt8(ascii: " ")).map {
                    UInt64(String(decoding: $0, as: UTF8.self)) ?? 0
                }
                return numbers.count == 3 && numbers[0] <= id && UInt64(id) < numbers[0] + numbers[2]
            }
    }
}
