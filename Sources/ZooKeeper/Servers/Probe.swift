import Glibc

/// A question to one server, on a connection of its own.
package final class Probe {
    enum Question {
        /// Does the server answer `srvr` at all? A refusal ("not in the whitelist") is an answer too.
        case srvr
        /// Does the server answer a TLS ClientHello as TLS does?
        case clientHello
    }

    enum State { case connecting, asked, good, bad }

    let address: Address
    private let question: Question
    private(set) var state = State.connecting
    private let descriptor: Int32
    private var text = ""
    /// Why there was no connection: errno.
    private var failure: Int32?

    init(_ address: Address, _ question: Question = .srvr) {
        self.address = address
        self.question = question
        descriptor = socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let code = unsafe address.bytes.withUnsafeBytes { raw -> Int32 in
            guard let base = raw.baseAddress else { return -1 }
            return unsafe connect(descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
        if descriptor < 0 || (code != 0 && errno != EINPROGRESS) { (state, failure) = (.bad, errno) }
    }

    func close() { if descriptor >= 0 { Glibc.close(descriptor) } }

    static func wait(for probes: [Probe], milliseconds: Int64) {
        let live = probes.filter(\.isOpen)
        var list = live.map {
            pollfd(fd: $0.descriptor, events: Int16($0.state == .connecting ? POLLOUT : POLLIN), revents: 0)
        }
        unsafe poll(&list, nfds_t(list.count), Int32(clamping: milliseconds))
        for (probe, entry) in zip(live, list) where entry.revents != 0 { probe.advance() }
    }

    /// Asks all of them at once.
    ///
    /// - Parameter isPending: whether that one may have more to say; nobody waits for the others.
    private static func ask<Value>(
        _ addresses: [Address], _ question: Question = .srvr, milliseconds: Int64, while isPending: (Probe) -> Bool,
        _ tell: ([Probe]) -> Value
    ) -> Value {
        let probes = addresses.map { Probe($0, question) }
        defer { for probe in probes { probe.close() } }
        let end = Monotonic.milliseconds + milliseconds
        while case let pending = probes.filter(isPending), !pending.isEmpty, Monotonic.milliseconds < end {
            wait(for: pending, milliseconds: end - Monotonic.milliseconds)
        }
        return tell(probes)
    }

    /// What those tell of themselves who have told all of it within that time.
    static func statements(of addresses: [Address], milliseconds: Int64) -> [ServerStatement] {
        let isPending = { (probe: Probe) in probe.state != .bad && probe.statement == nil }
        return ask(addresses, milliseconds: milliseconds, while: isPending) { $0.compactMap(\.statement) }
    }

    /// The servers that answer a ClientHello as TLS does, within that time. A plain ZooKeeper takes the ClientHello for a
    /// frame of 369 MB, logs a warning and hangs up: ask only a server that hung up on a session's first request.
    package static func speakersOfTLS(among addresses: [Address], milliseconds: Int64 = 1000) -> [Address] {
        ask(addresses, .clientHello, milliseconds: milliseconds, while: \.isOpen) { probes in
            probes.filter { $0.state == .good }.map(\.address)
        }
    }

    /// Why each of these has no session for us, as far as it can be seen within that time. Nil for those that serve.
    static func troubles(of addresses: [Address], milliseconds: Int64) -> [String?] {
        ask(addresses, milliseconds: milliseconds, while: \.isOpen) { $0.map(\.trouble) }
    }

    private var trouble: String? {
        switch (state, failure) {
        case (.good, _): nil
        case (_, ECONNREFUSED?): "connection refused"
        case (_, ENETUNREACH?), (_, EHOSTUNREACH?): "unreachable"
        case (.connecting, _): "no answer"
        case (.asked, _): "connects, but does not answer"
        case (.bad, nil): text.isEmpty ? "hangs up" : "serves nobody: it is without a quorum, or read-only"
        case (.bad, let code?): unsafe String(cString: strerror(code))
        }
    }

    private var isOpen: Bool { state == .connecting || state == .asked }

    private var statement: ServerStatement? { state == .good ? ServerStatement(text) : nil }

    private func advance() {
        if state == .connecting {
            let bytes = question == .srvr ? Array("srvr".utf8) : TLSRecord.clientHello
            let sent = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if sent < 0 { failure = errno }
            state = sent == bytes.count ? .asked : .bad
        } else {
            var answer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe recv(descriptor, &answer, answer.count, 0)
            if question == .clientHello {
                state = TLSRecord.isAnswer(answer.prefix(max(0, count))) ? .good : .bad
                return
            }
            text += String(decoding: answer.prefix(max(0, count)), as: UTF8.self)
            // A server without a quorum says that it "is not currently serving requests".
            state = count > 0 && !text.contains("is not currently serving") ? .good : .bad
        }
    }
}
