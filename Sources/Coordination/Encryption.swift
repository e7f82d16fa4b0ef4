/// How the connections to the servers are encrypted: TLS, with files in PEM that are named by their whole paths.
package struct Encryption: Sendable, Equatable {
    /// The file of the authorities that may sign a server's certificate. No others may.
    package var authorities: String
    /// Who a run is to servers that ask for a certificate.
    package var identity: Identity?
    /// Whether a server's certificate has to name the server as `zkhosts` does.
    package var checksHostName: Bool

    package init(authorities: String, identity: Identity? = nil, checksHostName: Bool = true) {
        self.authorities = authorities
        self.identity = identity
        self.checksHostName = checksHostName
    }

    /// A certificate, with what leads to its authority behind it, and its key.
    package struct Identity: Sendable, Equatable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }
}
