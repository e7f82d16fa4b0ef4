import Coordination
import Glibc
import POSIX
import Text

/// The file that the key `auth` names: a line `SCHEME:CREDENTIAL` for each identity, such as `digest:user:password`. Empty lines
/// and those that begin with "#" are passed over.
///
/// What is wrong with it is told by the number of the line, never by what stands there.
enum CredentialFile {
    private static let ownFile = "; each user needs a file of his own: SWITCHMAN_AUTH=FILE in his crontab"
    private static let longestBytes = 65_536
    private static let mostLines = 16
    private static let longestScheme = 64

    static func read(_ path: String, for setting: Setting) throws(ConfigurationError) -> [Credential] {
        guard path.utf8.first == UInt8(ascii: "/") else {
            // It may well be a credential.
            throw setting.error("is not the whole path of a file; write the credentials into one, and its path here")
        }
        let file = try NamedFile.open(path, isSecret: true, ownFile: ownFile, for: setting)
        defer { close(file) }
        let bytes: [UInt8]
        do { bytes = try FileBytes.read(from: file, longestBytes: longestBytes) } catch {
            throw setting.error("names \(Excerpt.of(path)), which is no short file that can be read")
        }
        return try parse(bytes, path, setting)
    }

    private static func parse(_ bytes: [UInt8], _ path: String, _ setting: Setting) throws(ConfigurationError)
        -> [Credential]
    {
        var credentials: [Credential] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let place = "names \(Excerpt.of(path)), whose line \(index + 1)"
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon + 1 < line.endIndex, !line.contains(0)
            else {
                throw setting.error("\(place) is not SCHEME:CREDENTIAL, such as digest:user:password")
            }
            let scheme = String(decoding: line[..<colon], as: UTF8.self)
            guard isScheme(Substring(scheme)), !["world", "auth"].contains(scheme) else {
                throw setting.error(
                    "\(place) begins with no scheme of ZooKeeper's; write digest:user:password, for one")
            }
            let secret = Array(line[(colon + 1)...])
            // The servers would hash it whole, into an identity that nobody means.
            if scheme == "digest", !secret.contains(UInt8(ascii: ":")) {
                throw setting.error("\(place) has no password; write digest:user:password")
            }
            credentials.append(Credential(scheme: scheme, secret: secret))
        }
        guard (1...mostLines).contains(credentials.count) else {
            throw setting.error(
                "names \(Excerpt.of(path)), which must have between 1 and \(mostLines) lines SCHEME:CREDENTIAL")
        }
        return credentials
    }

    static func isScheme(_ text: Substring) -> Bool {
        (1...longestScheme).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
            }
    }
}
