import Coordination
import CTLS
import Text

/// The key `tls`: `{"ca": FILE, "certificate": FILE, "key": FILE, "check_host_name": true}`.
extension Settings {
    /// Nil: connections are plain. Everything that can be wrong with files and library is found here, before anything is begun.
    func encryption() throws(ConfigurationError) -> Encryption? {
        guard let setting = self["tls"] else { return nil }
        let encryption = try setting.encryption()
        try setting.checkFiles(of: encryption)
        return encryption
    }
}

extension Setting {
    private static let encryptionForm =
        "an object with ca, and where it is needed certificate, key and check_host_name; write it into the file"
    private static let members = ["ca", "certificate", "key", "check_host_name"]

    fileprivate func encryption() throws(ConfigurationError) -> Encryption {
        guard let object = value.object else { throw error("is \(value.kind); it must be \(Self.encryptionForm)") }
        for name in object.keys.sorted() where !Self.members.contains(name.text) && !name.text.hasPrefix("#") {
            throw error(
                "has no member \"\(Excerpt.of(name.text))\"; it may have \(Self.members.joined(separator: ", "))")
        }
        func member(_ name: String) -> Setting? {
            object[ExactName(name)].flatMap { $0 == .null ? nil : Setting(place: "\(place), \(name)", value: $0) }
        }
        guard let ca = member("ca") else {
            throw error("lacks ca, the file with the authorities that sign the servers' certificates")
        }
        var encryption = Encryption(authorities: try ca.wholePath())
        switch (member("certificate"), member("key")) {
        case (nil, nil): break
        case (let certificate?, let key?):
            encryption.identity = Encryption.Identity(
                certificate: try certificate.wholePath(), key: try key.wholePath())
        case (nil, _): throw error("has a key without a certificate; add certificate, or take key out")
        case (_, nil): throw error("has a certificate without a key; add key, or take certificate out")
        }
        if let check = member("check_host_name") { encryption.checksHostName = try check.boolean() }
        return encryption
    }

    private func wholePath() throws(ConfigurationError) -> String {
        let path = try text()
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw error("is \"\(Excerpt.of(path))\"; it must be the whole path of a file in PEM")
        }
        return path
    }

    fileprivate func checkFiles(of encryption: Encryption) throws(ConfigurationError) {
        let identity = encryption.identity
        try checkKind(of: encryption.authorities, role: "ca")
        if let identity {
            try checkKind(of: identity.certificate, role: "certificate")
            try checkKind(of: identity.key, role: "key")
        }
        var text = [CChar](repeating: 0, count: SW_TLS_TEXT_BYTES)
        let fault = unsafe sw_tls_check(encryption.authorities, identity?.certificate, identity?.key, &text)
        guard fault != SW_TLS_SOUND else { return }
        let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw error(Self.complaint(fault, about: encryption, reason: Excerpt.of(words)))
    }

    private func checkKind(of path: String, role: String) throws(ConfigurationError) {
        let ownFile =
            "; each user needs a key of his own, in a configuration that SWITCHMAN_CONFIG names in his crontab"
        NamedFile.close(
            try NamedFile.open(path, isSecret: role == "key", role: role + " ", ownFile: ownFile, for: self))
    }

    private static func complaint(_ fault: sw_tls_fault, about encryption: Encryption, reason: String) -> String {
        let certificate = Excerpt.of(encryption.identity?.certificate ?? "")
        let key = Excerpt.of(encryption.identity?.key ?? "")
        let why = reason.isEmpty ? "" : " (\(reason))"
        return switch fault {
        case SW_TLS_NO_LIBRARY:
            "needs OpenSSL 3, which cannot be loaded\(why); install libssl3 (Debian, Ubuntu) or openssl-libs (Fedora, RHEL)"
        case SW_TLS_BAD_AUTHORITIES:
            "names ca \(Excerpt.of(encryption.authorities)), which holds no certificates in PEM that can be used\(why)"
        case SW_TLS_BAD_CERTIFICATE: "names certificate \(certificate), which is no certificate in PEM\(why)"
        case SW_TLS_KEY_HAS_PASSPHRASE:
            "names key \(key), which is protected by a passphrase, and nobody is there to ask; store it without one"
        case SW_TLS_NO_PAIR: "names key \(key), which is not the key of certificate \(certificate)"
        default: "names key \(key), which is no private key in PEM\(why)"
        }
    }
}
