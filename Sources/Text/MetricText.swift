/// Prometheus's text format, version 0.0.4: the parts of its lines.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
package enum MetricText {
    /// `name="value"`. A value may hold any character: a backslash, a quote and a line feed are escaped, and nothing else may be.
    package static func label(_ name: String, _ value: String) -> String {
        let escaped = value.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(scalar)
            }
        }
        return "\(name)=\"\(escaped.joined())\""
    }

    /// The two lines that stand before a metric's series.
    package static func heading(_ name: String, help: String, type: String) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    /// Without a fraction where there is none.
    package static func number(_ value: Double) -> String { Int64(exactly: value).map { "\($0)" } ?? "\(value)" }
}
