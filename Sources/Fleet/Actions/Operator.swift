import Glibc

/// Whoever uses this program.
package enum Operator {
    /// `anna@ops1`: by the variables that sudo(8) and login set, else the number.
    ///
    /// - Parameter host: this host's name, if it is known.
    package static func name(on host: String?) -> String {
        let user = ["SUDO_USER", "LOGNAME", "USER"].compactMap(variable).first { !$0.isEmpty }
        return "\(user ?? "uid \(getuid())")@\(host ?? "?")"
    }

    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
