import Checks
import Coordination
import Glibc
import POSIX
import Run
import ZooKeeper

/// One question to one server, on a connection of its own: nothing in it blocks, and no server's answer is read beyond a
/// bound.
final class Exchange {
    enum Question {
        /// The server answers and hangs up.
        case word(String)
        /// A session is begun, asked whether this node exists, and closed.
        case session(timeoutMilliseconds: Int32, path: String)
    }

    enum Outcome {
        case answered([UInt8])
        case failed(String)
    }

    private enum State { case connecting, asked, requested, closing, done(Outcome) }

    private let question: Question
    private let address: Address
    private let descriptor: Int32
    private let start: Int64
    private var state = State.connecting
    private var answer: [UInt8] = []
    private var reply: [UInt8] = []
    /// Of a session that was granted.
    private(set) var requestOutcome = ServerSight.Request.answered
    private(set) var connectMilliseconds: Int64?
    /// The server ended the connection without a byte in answer.
    private(set) var wasHungUpOn = false
    private(set) var answerMilliseconds: Int64 = 0

    /// mntr of a busy server is some kB.
    private static let longestBytes = 1 << 18

    init(_ question: Question, to address: Address) {
        self.question = question
        self.address = address
        start = Monotonic.milliseconds
        descriptor = socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let code = unsafe address.bytes.withUnsafeBytes { raw -> Int32 in
            guard let base = raw.baseAddress else { return -1 }
            return unsafe connect(descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
        if descriptor < 0 || (code != 0 && errno != EINPROGRESS) { fail(String(errno: errno)) }
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// All at once, so that one silent server costs its patience once.
    static func perform(_ all: [Exchange], patienceMilliseconds: Int64) {
        let end = Monotonic.milliseconds + patienceMilliseconds
        while true {
            let live = all.filter(\.isLive)
            let left = end - Monotonic.milliseconds
            if live.isEmpty || left <= 0 { break }
            var list = live.map {
                pollfd(fd: $0.descriptor, events: Int16($0.isConnecting ? POLLOUT : POLLIN), revents: 0)
            }
            unsafe poll(&list, nfds_t(list.count), Int32(clamping: left))
            for (exchange, entry) in zip(live, list) where entry.revents != 0 { exchange.advance() }
        }
        for exchange in all where exchange.isLive { exchange.giveUp(after: patienceMilliseconds) }
    }

    var outcome: Outcome {
        if case .done(let outcome) = state { outcome } else { .failed("was not asked") }
    }

    private var isLive: Bool { if case .done = state { false } else { true } }
    private var isConnecting: Bool { if case .connecting = state { true } else { false } }

    private func advance() {
        switch state {
        case .connecting: ask()
        case .asked: receive()
        case .requested: receiveReply()
        // Whatever it says now: the session is closed when it hangs up.
        case .closing: if read() <= 0 { state = .done(.answered(answer)) }
        case .done: break
        }
    }

    private func ask() {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        if code != 0 { return fail("cannot connect: \(String(errno: code))") }
        connectMilliseconds = Monotonic.milliseconds - start
        state = .asked
        switch question {
        case .word(let word): send(Array(word.utf8))
        case .session(let timeout, _): send(Handshake.request(timeoutMilliseconds: timeout))
        }
    }

    private func receive() {
        let count = read()
        if count < 0 { return hangUp("connection lost: \(String(errno: errno))") }
        answerMilliseconds = Monotonic.milliseconds - start
        if answer.count > Self.longestBytes {
            return fail("answers more than \(Self.longestBytes) bytes; is it ZooKeeper?")
        }
        switch question {
        case .word where count == 0:
            if answer.isEmpty { fail("hangs up without an answer") } else { state = .done(.answered(answer)) }
        case .session where TLSRecord.isAnswer(answer): fail(TLSRecord.remedy)
        case .session(_, let path) where Handshake.isComplete(answer):
            state = .requested
            send(Handshake.exists(path))
        case .session where count == 0: hangUp("hangs up when a session is asked for; does it have a quorum?")
        default: break
        }
    }

    private func receiveReply() {
        if read() <= 0 {
            requestOutcome = .failed("grants a session and hangs up at its first request")
            state = .done(.answered(answer))
        } else if let code = Handshake.code(ofReply: reply) {
            if code != 0, case .session(_, let path) = question {
                let failure = Failure(code: code, path: path)
                // That there is no such node is an answer as good as another.
                if failure.reason != .noNode {
                    requestOutcome = .failed("refuses a session's first request: \(failure)")
                }
            }
            close()
        }
    }

    private func close() {
        state = .closing
        send(Handshake.close)
    }

    private func send(_ bytes: [UInt8]) {
        let sent = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // A few bytes into an empty socket: all of them, or it is broken.
        if sent != bytes.count { fail("connection lost: \(String(errno: errno))") }
    }

    /// - Returns: how many bytes, 0 at the end, negative when the connection is broken.
    private func read() -> Int {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        switch state {
        case .asked: answer += chunk.prefix(max(0, count))
        case .requested: reply += chunk.prefix(max(0, count))
        default: break
        }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? 1 : count
    }

    private func giveUp(after milliseconds: Int64) {
        switch state {
        case .connecting:
            fail("cannot connect\(address.isEncrypted ? " by TLS" : ""): no answer within \(milliseconds) ms")
        case .requested:
            requestOutcome = .failed("grants a session and answers no request within \(milliseconds) ms")
            close()
            state = .done(.answered(answer))
        // The session was granted; that its close takes long is another matter.
        case .closing: state = .done(.answered(answer))
        default: fail("accepts connections and does not answer within \(milliseconds) ms")
        }
    }

    private func hangUp(_ why: String) {
        wasHungUpOn = answer.isEmpty
        fail(why)
    }

    /// What TLS has against the server comes before what that has led to.
    private func fail(_ why: String) { state = .done(.failed(address.complaint ?? why)) }
}
