import NIOCore
import NIOHTTP1

/// An answer that is whole when it is given.
struct Reply {
    var status: HTTPResponseStatus
    var type: String
    var body: ByteBuffer
    var more: [(String, String)] = []

    private init(_ status: HTTPResponseStatus, _ type: String, _ body: ByteBuffer, _ more: [(String, String)] = []) {
        (self.status, self.type, self.body, self.more) = (status, type, body, more)
    }

    static func file(_ type: String, _ bytes: [UInt8]) -> Reply { Reply(.ok, type, ByteBuffer(bytes: bytes)) }

    static func json(_ text: String) -> Reply { Reply(.ok, "application/json", ByteBuffer(string: text)) }

    /// Prometheus's text format, https://prometheus.io/docs/instrumenting/exposition_formats/.
    static func metrics(_ text: String) -> Reply {
        Reply(.ok, "text/plain; version=0.0.4; charset=utf-8", ByteBuffer(string: text))
    }

    /// What is wrong and what to do, in a line; for a program of the same words as an object.
    static func refusal(
        _ status: HTTPResponseStatus, _ why: String, asJSON: Bool = false, _ more: [(String, String)] = []
    ) -> Reply {
        if asJSON {
            return Reply(status, "application/json", ByteBuffer(string: "{\"error\":\(JSON.quoted(why))}\n"), more)
        }
        return Reply(status, plain, ByteBuffer(string: why + "\n"), more)
    }

    private static let plain = "text/plain; charset=utf-8"

    /// Those that every answer has: nothing is kept, framed, sniffed, or fetched from elsewhere; and no script but ours runs.
    static func headers(type: String) -> HTTPHeaders {
        HTTPHeaders([
            ("content-type", type), ("cache-control", "no-store"), ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"), ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"), ("x-frame-options", "DENY"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
            ),
        ])
    }

    var headers: HTTPHeaders {
        var headers = Self.headers(type: type)
        headers.add(name: "content-length", value: "\(body.readableBytes)")
        for (name, value) in more { headers.add(name: name, value: value) }
        return headers
    }
}

/// As much of JSON as this program itself writes.
enum JSON {
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
