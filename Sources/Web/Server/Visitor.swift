import NIOCore
import NIOHTTP1

/// One connection: its requests, one after the other, until one becomes a stream.
final class Visitor: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case reading
        case hasHead(HTTPRequestHead)
        /// Of an action that may be asked for, with as much of its body as has come.
        case hasPart(HTTPRequestHead, ByteBuffer)
        /// What is to be answered is being found out, or done.
        case awaiting(HTTPRequestHead, isLast: Bool)
        /// Events are sent, but for what was left out, since there was no room for it.
        case streaming(leftOut: Event?)
        /// The answer is under way and the last.
        case leaving
    }

    /// What an event tells: how old the news are, or the news. One that has missed the second has missed the first as well.
    enum Event: Int {
        case state, fleet
    }

    private let site: Site
    private let hub: Hub
    private var state = State.reading
    private var context: ChannelHandlerContext?
    /// For the next request.
    private var patience: Scheduled<Void>?
    /// For the reader.
    private var stall: Scheduled<Void>?

    init(site: Site, hub: Hub) { (self.site, self.hub) = (site, hub) }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) { expectRequest(within: Limits.patienceForRequest) }

    func channelInactive(context: ChannelHandlerContext) {
        hub.remove(self)
        patience?.cancel()
        stall?.cancel()
        self.context = nil
    }

    private func expectRequest(within time: TimeAmount) { patience = closing(after: time) }

    private func closing(after time: TimeAmount) -> Scheduled<Void>? {
        guard let channel = context?.channel else { return nil }
        return channel.eventLoop.scheduleTask(in: time) { channel.close(mode: .all, promise: nil) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            stall = closing(after: Limits.patienceForReader)
        } else if case .streaming(let leftOut?) = state {
            state = .streaming(leftOut: nil)
            hub.catchUp(self, leftOut)
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, case .reading = state else {
            context.close(promise: nil)
            return
        }
        switch error {
        case .headerOverflow: refuse(context, .requestHeaderFieldsTooLarge, "the request's headers are too long")
        default: refuse(context, .badRequest, "this is no request of HTTP/1.1")
        }
        context.close(promise: nil)
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (Self.unwrapInboundIn(data), state) {
        case (.head(let head), .reading):
            patience?.cancel()
            if asksToAct(head) { return begin(context, head) }
            // No other request of ours has one; and what follows could be taken for another request by a proxy.
            if head.headers.contains(name: "transfer-encoding") || (head.headers["content-length"].first ?? "0") != "0"
            {
                if head.method == .GET || head.method == .HEAD {
                    let asJSON = Site.path(of: head).hasPrefix("/api/")
                    let why = "a request with a body: there is none that is read"
                    write(context, .refusal(.payloadTooLarge, why, asJSON: asJSON), to: head, last: true)
                } else if case .reply(let reply) = site.answer(head, hub) {
                    write(context, reply, to: head, last: true)
                }
            } else {
                state = .hasHead(head)
                patience = closing(after: Limits.patienceForRequest)
            }
        case (.body(let more), .hasPart(let head, var body)):
            body.writeImmutableBuffer(more)
            state = .hasPart(head, body)
            if body.readableBytes > Limits.bodyBytes {
                patience?.cancel()
                let why = "an action is told in at most \(Limits.bodyBytes) bytes"
                write(context, .refusal(.payloadTooLarge, why, asJSON: true), to: head, last: true)
            }
        case (.end, .hasPart(let head, let body)):
            patience?.cancel()
            guard let actions = site.actions else { return }
            answer(context, head, with: actions.act(body, from: asker(head), hub), last: !head.isKeepAlive)
        case (.end, .hasHead(let head)):
            patience?.cancel()
            state = .reading
            answer(context, head)
        default: break
        }
    }

    // MARK: Actions

    private func asksToAct(_ head: HTTPRequestHead) -> Bool {
        site.actions != nil && head.method == .POST && Site.path(of: head) == Site.actionsPath
    }

    /// Who may not act is told so before any more is read.
    private func begin(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        if let refusal = site.stranger(head, true) { return write(context, refusal, to: head, last: true) }
        if let refusal = site.actions?.objection(head, from: asker(head)) {
            return answer(context, head, with: refusal, last: true)
        }
        state = .hasPart(head, ByteBuffer())
        patience = closing(after: Limits.patienceForRequest)
    }

    /// For the log: the address, and whom a proxy says it asks for, which anybody may say.
    private func asker(_ head: HTTPRequestHead) -> String {
        let address = context?.remoteAddress?.ipAddress ?? "?"
        // A proxy adds its own visitor at the end, behind whatever that one has sent.
        guard let other = head.headers["x-forwarded-for"].last else { return address }
        return "\(address) (for \(Printable.of(String(other.suffix(100)))), it says)"
    }

    private func answer(
        _ context: ChannelHandlerContext, _ head: HTTPRequestHead, with reply: EventLoopFuture<Reply>, last: Bool
    ) {
        state = .awaiting(head, isLast: last)
        reply.assumeIsolated().whenSuccess { reply in
            // Whoever has hung up meanwhile is told nothing; what was asked for goes on.
            guard let context = self.context, case .awaiting(let head, let isLast) = self.state else { return }
            self.state = .reading
            self.write(context, reply, to: head, last: isLast)
        }
    }

    private func answer(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        switch site.answer(head, hub) {
        case .reply(let reply): write(context, reply, to: head, last: !head.isKeepAlive)
        case .later(let reply): answer(context, head, with: reply, last: !head.isKeepAlive)
        case .stream where hub.isFull:
            let reply = Reply.refusal(
                .serviceUnavailable, "too many live pages are open; close some", asJSON: true, [("retry-after", "30")])
            write(context, reply, to: head, last: true)
        case .stream:
            var headers = Reply.headers(type: "text/event-stream")
            // nginx keeps events back otherwise.
            headers.add(name: "x-accel-buffering", value: "no")
            let reply = HTTPResponseHead(version: head.version, status: .ok, headers: headers)
            context.writeAndFlush(Self.wrapOutboundOut(.head(reply)), promise: nil)
            if head.method == .HEAD {
                state = .leaving
                context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
                context.close(promise: nil)
            } else {
                state = .streaming(leftOut: nil)
                // Whoever has hung up already was removed before it was added.
                if self.context != nil { hub.add(self) }
            }
        }
    }

    /// One event; left out if the reader has not taken the former ones: it gets the whole when it has, or the state if that is all
    /// that it has missed. Else the whole, which alone may be more than there is room for, would be sent again and again.
    func send(_ event: ByteBuffer, _ kind: Event) {
        guard let context, case .streaming(let leftOut) = state else { return }
        guard context.channel.isWritable else {
            state = .streaming(leftOut: leftOut == .fleet ? .fleet : kind)
            return
        }
        context.writeAndFlush(Self.wrapOutboundOut(.body(.byteBuffer(event))), promise: nil)
    }

    // MARK: Answers

    private func refuse(_ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ why: String) {
        write(
            context, .refusal(status, why), to: HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"), last: true)
    }

    private func write(_ context: ChannelHandlerContext, _ reply: Reply, to head: HTTPRequestHead, last isLast: Bool) {
        // Who asks on and on and takes no answer would have them all kept here.
        let last = isLast || !context.channel.isWritable
        var headers = reply.headers
        if last {
            headers.add(name: "connection", value: "close")
            state = .leaving
        } else if head.version == .http1_0 {
            headers.add(name: "connection", value: "keep-alive")
        }
        let answer = HTTPResponseHead(version: .http1_1, status: reply.status, headers: headers)
        context.write(Self.wrapOutboundOut(.head(answer)), promise: nil)
        if head.method != .HEAD { context.write(Self.wrapOutboundOut(.body(.byteBuffer(reply.body))), promise: nil) }
        let written = context.writeAndFlush(Self.wrapOutboundOut(.end(nil)))
        if last {
            let channel = context.channel
            written.whenComplete { _ in channel.close(mode: .all, promise: nil) }
        } else {
            expectRequest(within: Limits.patienceForNext)
        }
    }
}
