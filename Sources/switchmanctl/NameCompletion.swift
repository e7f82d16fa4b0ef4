import ArgumentParser
import Fleet
import Glibc
import Host
import Invocation
import Recipes
import Steering
import Text

/// What a Tab offers for the names of the fleet, within three seconds, and never an error.
///
/// The parser's bash script hands words to `compgen -W`, which expands them, and its zsh script takes what follows a colon for an
/// explanation: names that say more than plain words in either are not offered, since whoever may write in ZooKeeper chooses them.
enum NameCompletion {
    static let jobs = offering { try await KnownJobs.read($0).names }
    static let hosts = offering { try await KnownHosts.read($0, $0.fleetData()) }
    static let groups = offering { Set(try await $0.fleetData().groups.keys) }
    static let resources = offering { Set(try await $0.fleetData().resources.map { ExactName($0) }) }
    static let subjects = offering { fleet in
        let data = try await fleet.fleetData()
        return try await KnownJobs.read(fleet).names
            .union(data.resources.map { ExactName($0) })
            .union(try await KnownHosts.read(fleet, data))
    }

    private typealias Names = @Sendable (FleetConnection) async throws -> Set<ExactName>

    private static func offering(_ names: @escaping Names) -> CompletionKind {
        .custom { words, _, _ in
            signal(SIGALRM) { _ in _exit(0) }
            alarm(3)
            let environment = Environment.ofThisProcess().merging(["SWITCHMAN_CONNECT_TIMEOUT": "2"]) { $1 }
            do {
                let settings = try Configuration.load(path: file(among: words), environment: environment).0
                return try FleetConnection.open(settings, warn: { _ in }) { try await names($0) }
                    .sorted().map(\.text).filter(isPlain)
            } catch {
                return []
            }
        }
    }

    /// The configuration that the line names so far.
    private static func file(among words: [String]) -> String? {
        for (word, next) in zip(words, words.dropFirst()) where ArgumentOrder.takesValue(word) { return next }
        return words.first { $0.hasPrefix("--config=") }.map { String($0.dropFirst("--config=".count)) }
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.hasPrefix("-")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "._-@%+,".utf8.contains(byte)
                }
            }
    }
}
