import Coordination
import Glibc
import POSIX
import Text

/// A file that the configuration names and that has to be sound before anything is begun.
enum NamedFile {
    /// Opens it for reading. A secret must be root's or one's own, and closed to everybody else. No symbolic link of another user's
    /// is followed to it, nor by root to what it believes: the other end of one is for them to choose.
    ///
    /// - Parameters:
    ///   - role: what it is within the setting, with a blank behind it: `key `.
    ///   - ownFile: how a user for whom a secret is not meant gets one of his own, for the end of the message.
    static func open(
        _ path: String, isSecret: Bool, role: String = "", ownFile: String = "", for setting: Setting
    ) throws(ConfigurationError) -> Int32 {
        let name = "names \(role)\(Excerpt.of(path))"
        // Neither a pipe nor a device may keep a run waiting.
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
        let file: Int32
        do throws(TrustedPath.Failure) {
            file = try isSecret || geteuid() == 0 ? TrustedPath.open(path, flags) : TrustedPath.openPlainly(path, flags)
        } catch {
            let remedy = isSecret && error == .errno(EACCES) ? ownFile : ""
            throw setting.error("\(name), which cannot be read: \(error.text)\(remedy)")
        }
        do { try check(file, name, isSecret, isCredential(path), ownFile, setting) } catch {
            close(file)
            throw error
        }
        return file
    }

    /// Whether systemd has put it there for this service, and for nobody else.
    private static func isCredential(_ path: String) -> Bool {
        guard let folder = unsafe getenv("CREDENTIALS_DIRECTORY").map({ unsafe String(cString: $0) }),
            folder.hasPrefix("/")
        else { return false }
        let name = path.utf8.dropFirst(folder.utf8.count)
        return path.utf8.starts(with: folder.utf8) && name.first == UInt8(ascii: "/")
            && !name.dropFirst().contains(UInt8(ascii: "/"))
    }

    static func close(_ file: Int32) { Glibc.close(file) }

    /// Of the file that was opened, so that nobody can put another in its place meanwhile.
    private static func check(
        _ file: Int32, _ name: String, _ isSecret: Bool, _ isCredential: Bool, _ ownFile: String, _ setting: Setting
    ) throws(ConfigurationError) {
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else {
            throw setting.error("\(name), which cannot be looked at: \(String(errno: errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw setting.error("\(name), which is no regular file") }
        if !isSecret, let objection = FileOwner.objection(toBelieving: file) {
            throw setting.error("\(name), which \(objection)")
        }
        guard isSecret else { return }
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw setting.error(
                "\(name), which belongs to another user (\(status.st_uid)); it must be root's or one's own"
                    + ownFile)
        }
        // systemd lets the service's account read its credentials by an access list, of which the mask shows as the group's rights.
        let closed: mode_t = isCredential && status.st_uid == 0 ? 0o037 : 0o077
        guard status.st_mode & closed == 0 else {
            // Closed, root's would be closed to this user too.
            let remedy = status.st_uid == geteuid() ? "" : ownFile
            throw setting.error(
                "\(name), which others may use (mode \(String(status.st_mode & 0o777, radix: 8))); chmod 600 it\(remedy)"
            )
        }
    }
}
