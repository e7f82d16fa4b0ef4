import POSIX
import Text

/// A file with a secret, which an option of a program names.
package enum SecretFile {
    private static let longestBytes = 65_536

    /// It must be root's or one's own, and closed to everybody else.
    package static func read(_ path: String, option: String) throws(ConfigurationError) -> [UInt8] {
        let setting = Setting(place: option, value: .string(path))
        let file = try NamedFile.open(path, isSecret: true, for: setting)
        defer { NamedFile.close(file) }
        do { return try FileBytes.read(from: file, longestBytes: longestBytes) } catch {
            throw setting.error("names \(Excerpt.of(path)), which is no short file that can be read")
        }
    }
}
