import Fleet
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Listens, and gives each connection a visitor. One thread serves all of them: what they are told is made once for all.
final class WebServer {
    let hub: Hub
    private let group: MultiThreadedEventLoopGroup
    private let site: Site
    private let crowd = Crowd()

    /// - Parameters:
    ///   - token: nil: nobody may act.
    ///   - config: the file of the configuration, for what acts.
    init(names: Set<String>, feed: FleetFeed, token: ActionToken?, config: String?) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        hub = Hub(loop: loop, allowsActions: token != nil)
        site = Site(
            names: names, questions: Questions(loop: loop, feed: feed),
            actions: token.map { Actions(loop: loop, token: $0, config: config, feed: feed) })
    }

    /// - Returns: where, for a URL.
    func listen(at address: ListenAddress) throws(FleetFeed.Failure) -> String {
        let (site, hub, crowd) = (site, hub, crowd)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                ChannelOptions.Types.SocketOption(
                    level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT)),
                value: SocketOptionValue(Limits.silenceMilliseconds)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard crowd.enter(channel) else { return }
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = Limits.fieldBytes
                    limits.maxHeaderListSize = Limits.headerBytes
                    limits.maxHeaderFieldCount = Limits.headerCount
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(
                        withErrorHandling: false, withEncoderConfiguration: .init(),
                        withDecoderLimitConfiguration: limits)
                    try pipeline.addHandler(Visitor(site: site, hub: hub))
                }
            }
        do {
            let channel = try bootstrap.bind(to: address.socket).wait()
            return ListenAddress.text(channel.localAddress ?? address.socket)
        } catch {
            let why = (error as? IOError).map { unsafe String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw FleetFeed.Failure(
                code: 71, message: "cannot listen at \(ListenAddress.text(address.socket)): \(why)")
        }
    }

    func close() { try? group.syncShutdownGracefully() }
}

/// How many connections there are.
///
/// `@unchecked Sendable`: all of them are on one event loop.
private final class Crowd: @unchecked Sendable {
    private var count = 0
    private var isOver = false
    private var leaving = 0

    /// False: it is one too many, and is told so.
    func enter(_ channel: any Channel) -> Bool {
        guard count < Limits.connections else {
            if !isOver { Log.say("more than \(Limits.connections) connections at once: further ones are turned away") }
            isOver = true
            turnAway(channel)
            return false
        }
        count += 1
        channel.closeFuture.whenComplete { [self] _ in
            count -= 1
            if count < Limits.connections / 2 { isOver = false }
        }
        return true
    }

    /// Nothing is read of what it asks for: whoever it is, a person or a program, gets the same words.
    private func turnAway(_ channel: any Channel) {
        let why = "\(Limits.connections) connections are open, and there is no room for more; try again\n"
        let answer = """
            HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 10\r\n\
            content-type: text/plain; charset=utf-8\r\ncontent-length: \(why.utf8.count)\r\n\r\n\(why)
            """
        channel.writeAndFlush(ByteBuffer(string: answer)).whenComplete { [self] _ in
            // A request that comes behind the end would be answered with a reset, which may overtake the words.
            guard leaving < Limits.leaving else { return channel.close(mode: .all, promise: nil) }
            leaving += 1
            channel.closeFuture.whenComplete { [self] _ in leaving -= 1 }
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: Limits.patienceForLeaving) { channel.close(mode: .all, promise: nil) }
        }
    }
}
