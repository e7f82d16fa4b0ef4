import Text

/// A key that was meant to close the fleet or its connections, and is none: `TLS`, `auht`, `tls_ca_file`.
///
/// Other unknown keys are warned of and passed over, so that a file may be newer than the program. With one of these the run would
/// go on in the open, in front of servers that nobody has asked who they are.
enum MisspeltProtection {
    private static let protecting = ["auth", "acl", "tls"]

    /// How words begin that say the same elsewhere.
    private static let beginnings = [
        ("auth", "auth"), ("credential", "auth"), ("acl", "acl"), ("tls", "tls"), ("ssl", "tls"), ("cert", "tls"),
    ]
    /// Members of `tls` that stand beside it instead of in it.
    private static let members = ["ca", "key", "check_host_name"]

    /// - Parameter key: an unknown one.
    /// - Returns: the key that was probably meant; nil: this one has to do with something else.
    static func meant(by key: String) -> String? {
        let word = key.lowercased()
        if let beginning = beginnings.first(where: { word.utf8.starts(with: $0.0.utf8) }) { return beginning.1 }
        if members.contains(word) { return "tls" }
        let nearest = NearestWord.slip(word, among: Configuration.keys)
        return nearest.flatMap { protecting.contains($0) ? $0 : nil }
    }
}
