import Fleet
import NIOCore
import NIOHTTP1

/// What is to be found where.
struct Site: Sendable {
    enum Answer {
        case reply(Reply)
        case later(EventLoopFuture<Reply>)
        /// The live page's.
        case stream
    }

    /// By which browsers may ask for it, besides localhost and IP addresses.
    let names: Set<String>
    let questions: Questions
    /// Nil: none is allowed.
    let actions: Actions?

    static let actionsPath = "/api/actions"

    /// On the hub's event loop.
    func answer(_ head: HTTPRequestHead, _ hub: Hub) -> Answer {
        let path = Self.path(of: head)
        let isAPI = path.hasPrefix("/api/") || path == "/healthz"
        func refuse(_ status: HTTPResponseStatus, _ why: String, _ more: [(String, String)] = []) -> Answer {
            .reply(.refusal(status, why, asJSON: isAPI, more))
        }
        if let refusal = stranger(head, isAPI) { return .reply(refusal) }
        if actions != nil, path == Self.actionsPath {
            return refuse(.methodNotAllowed, "only POST: an action is asked for by it", [("allow", "POST")])
        }
        guard head.method == .GET || head.method == .HEAD else {
            return refuse(
                .methodNotAllowed, "only GET and HEAD: this server shows the fleet, and switchmanctl changes it",
                [("allow", "GET, HEAD")])
        }
        switch path {
        case "/": return .reply(.file("text/html; charset=utf-8", PackageResources.page_html))
        case "/page.css": return .reply(.file("text/css; charset=utf-8", PackageResources.page_css))
        case "/page.js": return .reply(.file("text/javascript; charset=utf-8", PackageResources.page_js))
        case "/act.js": return .reply(.file("text/javascript; charset=utf-8", PackageResources.act_js))
        case "/explain.js": return .reply(.file("text/javascript; charset=utf-8", PackageResources.explain_js))
        case "/healthz":
            if let trouble = hub.trouble { return refuse(.serviceUnavailable, trouble) }
            return .reply(.json(#"{"status":"ok"}"# + "\n"))
        case "/api/events": return .stream
        case "/metrics":
            return known(hub, refuse) { page in
                // Who is paused is unknown then; no number is better than a wrong one.
                if let why = page.dataError { return refuse(.serviceUnavailable, why) }
                return .reply(hub.document(path) { .metrics(page.metricsText) })
            }
        case "/api/status": return known(hub, refuse) { page in .reply(hub.document(path) { .json(page.statusText) }) }
        default: break
        }
        let jobs = "/api/jobs/"
        guard path.hasPrefix(jobs), path.utf8.count > jobs.utf8.count else {
            return refuse(.notFound, "nothing is there; see /, /metrics, /api/status, /api/jobs/NAME and /healthz")
        }
        // No name has a slash.
        let output = "/output"
        let isOutput = path.hasSuffix(output) && path.utf8.count > jobs.utf8.count + output.utf8.count
        let word = path.utf8.dropFirst(jobs.utf8.count).dropLast(isOutput ? output.utf8.count : 0)
        guard let name = PercentText.decoded(word) else {
            return refuse(.badRequest, "the job's name is not percent-encoded UTF-8")
        }
        if isOutput { return known(hub, refuse) { .later(questions.output(of: name, $0)) } }
        return known(hub, refuse) { page in
            page.jobText(name).map { .reply(.json($0)) } ?? refuse(.notFound, "nothing is known of such a job")
        }
    }

    static func path(of head: HTTPRequestHead) -> String { String(head.uri.prefix { $0 != "?" }) }

    /// Why the request is none for us; nil if it is one.
    func stranger(_ head: HTTPRequestHead, _ asJSON: Bool) -> Reply? {
        guard let host = Self.host(of: head) else {
            return .refusal(.badRequest, "the request has no Host, or several", asJSON: asJSON)
        }
        // A page elsewhere could have its name lead here, and read the answers as its own (DNS rebinding). It has no such address.
        if isOurs(host) { return nil }
        return .refusal(
            .misdirectedRequest, "this is not \(Printable.of(host)); if it is, start switchman-web with --name",
            asJSON: asJSON)
    }

    /// What is old is no answer to a program: it would take it for what is.
    private func known(
        _ hub: Hub, _ refuse: (HTTPResponseStatus, String, [(String, String)]) -> Answer, _ body: (FleetPage) -> Answer
    ) -> Answer {
        if let trouble = hub.trouble { return refuse(.serviceUnavailable, trouble, []) }
        guard let page = hub.page else { return refuse(.serviceUnavailable, "nothing has been read yet", []) }
        return body(page)
    }

    private static func host(of head: HTTPRequestHead) -> String? {
        let values = head.headers["host"]
        guard values.count == 1, let value = values.first, !value.isEmpty else { return nil }
        if value.hasPrefix("[") {
            guard let end = value.firstIndex(of: "]") else { return nil }
            return String(value[value.index(after: value.startIndex)..<end])
        }
        return String(value.prefix { $0 != ":" }).lowercased()
    }

    private func isOurs(_ host: String) -> Bool {
        host == "localhost" || names.contains(host) || (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }
}

/// What a visitor has sent, in an answer or a line of the log.
enum Printable {
    static func of(_ text: String) -> String {
        String(
            text.unicodeScalars.prefix(100).map {
                $0.isASCII && $0.value > 0x20 && $0.value < 0x7f ? Character($0) : "?"
            })
    }
}

/// Percent-encoding, RFC 3986.
enum PercentText {
    /// Nil for an escape that is none, and for what is not UTF-8.
    static func decoded(_ text: some Sequence<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
