/// One entry of the configuration's `zkhosts`.
package struct Server: Sendable, Equatable {
    package let host: String
    package let port: UInt16
    /// How connections to it are encrypted; nil: they are not.
    package let encryption: Encryption?

    package init(host: String, port: UInt16, encryption: Encryption?) {
        self.host = host
        self.port = port
        self.encryption = encryption
    }

    /// As `zkhosts` has it.
    package var label: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
