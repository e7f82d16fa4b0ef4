import Fleet
import NIOCore
import NIOHTTP1
import NIOPosix

/// What visitors who show the token may do to the fleet, and what others are told.
///
/// `@unchecked Sendable`: the event loop alone uses what changes.
final class Actions: @unchecked Sendable {
    private let loop: any EventLoop
    private let token: ActionToken
    private let config: String?
    private let feed: FleetFeed
    private let threads = NIOThreadPool(numberOfThreads: Limits.actions)
    private var underWay = 0
    private var penitents = 0
    private var penancesLeft = 0
    private var loggedPenance = NIODeadline.uptimeNanoseconds(0)

    /// - Parameter config: the file of the configuration, for the processes that act.
    init(loop: any EventLoop, token: ActionToken, config: String?, feed: FleetFeed) {
        (self.loop, self.token, self.config, self.feed) = (loop, token, config, feed)
        threads.start()
    }

    // MARK: Who may

    /// Why the request is refused, before any of its body is read; nil if it is not.
    func objection(_ head: HTTPRequestHead, from asker: String) -> EventLoopFuture<Reply>? {
        func refuse(
            _ status: HTTPResponseStatus, _ why: String, _ more: [(String, String)] = []
        ) -> EventLoopFuture<Reply> {
            loop.makeSucceededFuture(.refusal(status, why, asJSON: true, more))
        }
        // A form of another page cannot send this type, and its script only if this server agreed to it, which it never does.
        guard Self.isJSON(head.headers["content-type"]) else {
            return refuse(.unsupportedMediaType, "an action is sent as content-type: application/json")
        }
        guard Self.isSameOrigin(head.headers) else {
            return refuse(.forbidden, "an action can be asked for by this server's own page only, not by another's")
        }
        guard let shown = Self.token(in: head.headers) else {
            return refuse(
                .unauthorized, "an action needs the token, as x-switchman-token: TOKEN or authorization: Bearer TOKEN",
                [("www-authenticate", "Bearer")])
        }
        return token.matches(shown.utf8) ? nil : penance(asker)
    }

    /// A guess costs time, and nobody else's: those who know the token are not kept waiting.
    private func penance(_ asker: String) -> EventLoopFuture<Reply> {
        penancesLeft += 1
        if NIODeadline.now() - loggedPenance > .seconds(10) {
            Log.say("refused: a wrong token from \(asker)\(penancesLeft > 1 ? ", the newest of \(penancesLeft)" : "")")
            (loggedPenance, penancesLeft) = (.now(), 0)
        }
        guard penitents < Limits.penitents else {
            return loop.makeSucceededFuture(
                .refusal(.tooManyRequests, "too many wrong tokens at once", asJSON: true, [("retry-after", "10")]))
        }
        penitents += 1
        return loop.scheduleTask(in: Limits.penance) { [self] in
            penitents -= 1
            return Reply.refusal(.forbidden, "this is not the token of --token-file", asJSON: true)
        }.futureResult
    }

    /// A proxy that asks for a password has the other header for that, and so the page uses its own.
    private static func token(in headers: HTTPHeaders) -> Substring? {
        let own = headers["x-switchman-token"]
        if !own.isEmpty { return own.count == 1 ? own.first.map { $0[...] } : nil }
        let (words, scheme) = (headers["authorization"], "bearer ")
        guard words.count == 1, let word = words.first, word.lowercased().hasPrefix(scheme) else { return nil }
        return Substring(word.utf8.dropFirst(scheme.utf8.count))
    }

    private static func isJSON(_ types: [String]) -> Bool {
        guard types.count == 1, let type = types.first?.lowercased() else { return false }
        return type.prefix { $0 != ";" && $0 != " " } == "application/json"
    }

    /// A browser says where the page is from that asks; what says nothing is no browser. The scheme is a proxy's.
    private static func isSameOrigin(_ headers: HTTPHeaders) -> Bool {
        guard headers["sec-fetch-site"].allSatisfy({ $0 == "same-origin" }) else { return false }
        let host = headers["host"].first?.lowercased()
        return headers["origin"].allSatisfy { origin in
            ["http://", "https://"].contains { origin.lowercased() == $0 + (host ?? "") }
        }
    }

    // MARK: What they do

    func act(_ body: ByteBuffer, from asker: String, _ hub: Hub) -> EventLoopFuture<Reply> {
        let action: FleetAction
        do throws(FleetFeed.Failure) {
            action = try FleetAction(json: Array(body.readableBytesView), asker: asker)
        } catch { return loop.makeSucceededFuture(.refusal(.badRequest, error.message, asJSON: true)) }
        func turnAway(_ why: String) -> EventLoopFuture<Reply> {
            Log.say("\(asker) asks: \(action.text): refused: \(why)")
            return loop.makeSucceededFuture(
                .refusal(.serviceUnavailable, why, asJSON: true, [("retry-after", "5")]))
        }
        if let trouble = hub.trouble { return turnAway(trouble) }
        guard underWay < Limits.actions else { return turnAway("\(underWay) actions are under way; try again") }
        Log.say("\(asker) asks: \(action.text)")
        underWay += 1
        let (config, line) = (config, action.json(for: feed))
        let ended = threads.runIfActive(eventLoop: loop) { ActionProcess.run(line, config: config) }
        return ended.map { [self] ending in
            underWay -= 1
            let said = ending.lines.isEmpty ? "" : ": " + ending.lines.joined(separator: "; ")
            let what = "\(action.text) for \(asker)"
            Log.say(ending.code == 0 ? "\(what): done\(said)" : "\(what): failed\(said)")
            return Self.reply(ending)
        }.flatMapErrorThrowing { [self] _ in
            underWay -= 1
            return .refusal(.serviceUnavailable, "this server is ending", asJSON: true)
        }
    }

    /// The exit codes of switchmanctl(1), as HTTP has them.
    private static func reply(_ ending: ActionProcess.Ending) -> Reply {
        let lines = ending.lines.map(JSON.quoted).joined(separator: ",")
        let status: HTTPResponseStatus =
            switch ending.code {
            case 0: .ok
            // What is there stands against it: nobody holds the lock; the fleet's data is broken.
            case 1, 65: .conflict
            case 64: .badRequest
            case 69: .serviceUnavailable
            // ZooKeeper has refused: 403 would be the token's.
            case 77: .badGateway
            default: .internalServerError
            }
        if ending.code == 0 { return .json("{\"said\":[\(lines)]}\n") }
        return .refusal(status, ending.lines.joined(separator: "; "), asJSON: true)
    }
}
