import Fleet
import Glibc
import NIOCore

/// What was read last, and the live pages that are told of it.
///
/// `@unchecked Sendable`: `hear` may be called by any thread, everything else belongs to the event loop.
final class Hub: @unchecked Sendable {
    private let loop: any EventLoop
    /// Whether a page may have buttons.
    private let allowsActions: Bool
    private(set) var page: FleetPage?
    private var readAt: Int64?
    /// Why what was read last is old; nil: it is not.
    private var lost: String? = "nothing has been read yet"
    private var streams: [ObjectIdentifier: Visitor] = [:]
    /// As an event; made when the first asks for it.
    private var whole: ByteBuffer?
    /// Documents of the whole fleet, by their paths.
    private var documents: [String: (made: Int64, reply: Reply)] = [:]

    init(loop: any EventLoop, allowsActions: Bool) {
        (self.loop, self.allowsActions) = (loop, allowsActions)
        loop.scheduleRepeatedTask(initialDelay: Limits.beat, delay: Limits.beat) { [self] _ in tell(stateEvent, .state)
        }
    }

    func hear(_ news: FleetFeed.News) { loop.execute { self.take(news) } }

    private func take(_ news: FleetFeed.News) {
        switch news {
        case .page(let new):
            let former = page
            page = new
            documents = [:]
            readAt = Self.now
            if let why = lost {
                lost = nil
                Log.say(former == nil ? "the fleet has been read" : "the fleet is read again; before: \(why)")
            }
            if let former {
                if let text = new.changes(since: former) {
                    whole = nil
                    tell(Self.event("fleet", text), .fleet)
                }
            } else if let event = wholeEvent {
                tell(event, .fleet)
            }
        case .lost(let why):
            if lost != why { Log.say("what is shown is old: \(why)") }
            lost = why
        }
        tell(stateEvent, .state)
    }

    /// In a line; nil if what was read last is as it is.
    var trouble: String? { lost.map { page == nil ? $0 : "what is known is old: \($0)" } }

    /// Made once in a second for all who ask for it, however many do, and kept once for them all.
    func document(_ path: String, make: () -> Reply) -> Reply {
        if let known = documents[path], (0..<1000).contains(Self.now - known.made) { return known.reply }
        let reply = make()
        documents[path] = (Self.now, reply)
        return reply
    }

    // MARK: Live pages

    var isFull: Bool { streams.count >= Limits.streams }

    func add(_ stream: Visitor) {
        streams[ObjectIdentifier(stream)] = stream
        catchUp(stream, .fleet)
    }

    func remove(_ stream: Visitor) { streams[ObjectIdentifier(stream)] = nil }

    /// For one that is new, or could not be told all that has changed.
    func catchUp(_ stream: Visitor, _ missed: Visitor.Event) {
        var events = ByteBuffer()
        if missed == .fleet, let event = wholeEvent { events.writeImmutableBuffer(event) }
        events.writeImmutableBuffer(stateEvent)
        stream.send(events, missed)
    }

    private func tell(_ event: ByteBuffer, _ kind: Visitor.Event) {
        for stream in streams.values { stream.send(event, kind) }
    }

    private var wholeEvent: ByteBuffer? {
        if whole == nil { whole = page.map { Self.event("fleet", $0.wholeText) } }
        return whole
    }

    private var stateEvent: ByteBuffer {
        let old = lost.map { ",\"old\":\(JSON.quoted($0))" } ?? ""
        let acts = allowsActions ? ",\"acts\":true" : ""
        return Self.event("state", "{\"now\":\(Self.now),\"read\":\(readAt.map { "\($0)" } ?? "null")\(acts)\(old)}")
    }

    private static func event(_ name: String, _ line: String) -> ByteBuffer {
        ByteBuffer(string: "event: \(name)\ndata: \(line)\n\n")
    }

    /// Milliseconds since the epoch, by this host's clock.
    private static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
