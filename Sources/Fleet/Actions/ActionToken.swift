import Host
import Run
import Text

/// What somebody has to show who wants to act: a long random word in a file that is closed to others.
public struct ActionToken: Sendable {
    private let bytes: [UInt8]

    /// From here on nobody guesses it.
    private static let fewestBytes = 16
    /// It has to go into a header of HTTP.
    private static let mostBytes = 1024

    /// Reads the file's one line.
    ///
    /// - Throws: why there is no token, with 78. It is root's or one's own file, and closed to everybody else, or refused.
    public init(path: String) throws(FleetFeed.Failure) {
        func refusal(_ why: String) -> FleetFeed.Failure {
            FleetFeed.Failure(code: Outcome.badConfig.defaultCode, message: why)
        }
        var bytes: [UInt8]
        do throws(ConfigurationError) { bytes = try SecretFile.read(path, option: "--token-file") } catch {
            throw refusal(error.message)
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        let name = "--token-file names \(Excerpt.of(path))"
        guard bytes.allSatisfy({ (0x21...0x7e).contains($0) }), bytes.count <= Self.mostBytes else {
            throw refusal("\(name), which must have one line of at most \(Self.mostBytes) letters, digits and signs")
        }
        guard bytes.count >= Self.fewestBytes else {
            throw refusal(
                "\(name), whose token is shorter than \(Self.fewestBytes) characters; make one: openssl rand -hex 24")
        }
        self.bytes = bytes
    }

    /// Takes the same time for all that do not match, wherever they differ.
    public func matches(_ text: some Sequence<UInt8>) -> Bool {
        let given = Array(text)
        var difference = UInt64(bitPattern: Int64(given.count ^ bytes.count))
        for (index, byte) in bytes.enumerated() {
            difference |= UInt64(byte ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }
}
