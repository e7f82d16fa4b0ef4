import Coordination
import Text

/// The keys `auth` and `acl`: who a run says it is, and to whom its znodes are open.
extension Settings {
    /// - Parameter hasCertificate: servers may know it by that (scheme x509), and then it is somebody without credentials.
    func access(
        isMixedFleet: Bool, hasCertificate: Bool, _ problems: inout ConfigurationProblems
    ) -> Access {
        var access = Access()
        // A broken file is no lack of one.
        var isSomebody = hasCertificate
        problems.take(self["auth"]) { setting throws(ConfigurationError) in
            isSomebody = true
            access.list = [.creator]
            if isMixedFleet { throw setting.error(Self.noOriginals) }
            access.credentials = try CredentialFile.read(try setting.text(), for: setting)
        }
        problems.take(self["acl"]) { setting throws(ConfigurationError) in
            access.list = try setting.accessList()
            if isMixedFleet, access.list != [.everybody] { throw setting.error(Self.noOriginals) }
            if access.list.contains(where: { $0.scheme == AccessEntry.creator.scheme }), !isSomebody {
                throw setting.error(
                    "is \"creator\", and a run that shows no credentials is nobody to the servers; set auth as well, "
                        + "or a certificate in tls"
                )
            }
            if !access.list.contains(where: { $0.permissions == .all }) {
                throw setting.error(
                    "leaves nobody the right to do everything (cdrwa), not even the run itself; add \"creator\"")
            }
        }
        return access
    }

    private static let noOriginals =
        "cannot be used with mixed_fleet: originals show no credentials, and would be locked out"
}

extension Setting {
    private static let accessForm =
        "\"open\", \"creator\", \"SCHEME:ID:PERMISSIONS\" with some of the letters cdrwa, or an array of these"
    private static let mostEntries = 64

    /// One word, or an array of them.
    fileprivate func accessList() throws(ConfigurationError) -> [AccessEntry] {
        var words: [String] = []
        switch value {
        case .string(let text): words = [text]
        case .array(let values):
            for value in values {
                guard case .string(let text) = value else { throw error("must be \(Self.accessForm)") }
                words.append(text)
            }
        default: throw error("must be \(Self.accessForm)")
        }
        guard (1...Self.mostEntries).contains(words.count) else {
            throw error("must have between 1 and \(Self.mostEntries) entries")
        }
        var list: [AccessEntry] = []
        for word in words { list.append(try entry(word)) }
        return list
    }

    /// Whoever takes this key for `auth` writes a password here.
    private static func shown(_ word: String) -> String {
        word.utf8.firstIndex(of: UInt8(ascii: ":")).map { Excerpt.of(String(word[..<$0])) + ":..." } ?? Excerpt.of(word)
    }

    private func entry(_ word: String) throws(ConfigurationError) -> AccessEntry {
        switch word {
        case "open": return .everybody
        case "creator": return .creator
        default: break
        }
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3, CredentialFile.isScheme(parts[0]), parts[0] != "auth", !word.utf8.contains(0),
            let permissions = Permissions(text: String(parts[parts.count - 1]))
        else { throw error("has \"\(Self.shown(word))\"; it must be \(Self.accessForm)") }
        let id = parts[1..<(parts.count - 1)].joined(separator: ":")
        if parts[0] == "world", id != "anyone" {
            throw error("has \"\(Excerpt.of(word))\"; of world there is only \"anyone\"")
        }
        if id.isEmpty { throw error("has \"\(Excerpt.of(word))\" without an identity") }
        return AccessEntry(scheme: String(parts[0]), id: id, permissions: permissions)
    }
}
