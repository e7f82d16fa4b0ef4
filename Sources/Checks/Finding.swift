package import Text

/// One thing that a check has to say.
package struct Finding: Sendable, Equatable {
    package let severity: Severity
    /// A file with its line, a server, a host, a group; empty if it is about the whole.
    package let place: String
    package let message: String

    package init(_ severity: Severity, _ place: String = "", _ message: String) {
        self.severity = severity
        self.place = place
        self.message = message
    }

    var text: String { place.isEmpty ? message : "\(place): \(message)" }

    package var value: JSONValue {
        .object([
            "severity": .string(severity.rawValue), "place": place.isEmpty ? .null : .string(place),
            "message": .string(message),
        ])
    }
}
