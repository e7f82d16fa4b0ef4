import Coordination

/// A ZooKeeper session as the C client keeps it: one connection at a time, requests queued until there is one, watches
/// brought along to the next, expiry told only after a reconnect.
///
/// `@unchecked Sendable`: used by the thread that drives the world only.
@safe final class SimulatedClient: Ensemble, @unchecked Sendable {
    private struct Watched {
        let path: String
        let kind: Watches.Kind
        /// Whether the node was there when it was looked at.
        var saw: Bool
    }

    let world: World
    unowned let run: SimulatedRun
    private(set) var session: Session?
    private var connection: Connection?
    private(set) var isConnected = false
    private(set) var isOver = false
    private var isRefused = false
    private var nextServer: Int
    private var timeout: Int64
    private var lastZxid: Int64 = 0
    private var queued: [Outgoing] = []
    private var inFlight: [Outgoing] = []
    private var watched: [Watched] = []
    private var sentAt: Int64 = 0
    private var heardAt: Int64 = 0
    /// Numbers the looks at the clock, whose interval changes with the timeout.
    private var watch = 0

    init(world: World, run: SimulatedRun) {
        self.world = world
        self.run = run
        timeout = world.plot.sessionTimeout
        nextServer = world.dice.below(world.ensemble.servers.count)
        connect(after: 0)
        watchOverConnection()
    }

    var server: Int { nextServer }
    var id: Int64 { session?.id ?? 0 }

    // MARK: Ensemble

    func submit(_ requests: [Request], reply: @escaping @Sendable ([Reply]) -> Void) {
        // No later than the clock was read for it: what happens to the process between the two comes after.
        let submitted = run.machine.boottime(at: world.now)
        run.hesitateBeforeTake(requests)
        run.act { [self] in
            let run = run
            world.referee.asks(run, requests)
            let burst = SimulatedBurst(count: requests.count) { replies in
                run.world.referee.answered(requests, replies, run, submitted: submitted)
                reply(replies)
            }
            let outgoing = requests.enumerated().map { Outgoing(request: $1, burst: burst, index: $0) }
            if isOver {
                for one in outgoing { fail(one, isRefused ? .authenticationFailed : .sessionExpired) }
            } else if isConnected {
                send(outgoing)
            } else {
                queued += outgoing
            }
        }
        run.pauseIfPlanned()
    }

    @discardableResult func dropConnection() -> Bool {
        run.act { [self] in lose() }
        return true
    }

    func close(cap: Duration) {
        run.act { [self] in
            if !isOver, isConnected, !world.plot.leavesSessionsOpen { connection?.send(.close) }
            abandon()
        }
    }

    /// The process is gone, or wants no more of this session: the kernel closes the connection behind what was sent.
    func abandon() {
        isOver = true
        connection?.closeAtClient()
        connection = nil
        isConnected = false
    }

    func saw(_ path: String) -> Bool { watched.contains { $0.path == path && $0.saw } }

    // MARK: The connection

    private func connect(after delay: Int64) {
        world.agenda.after(delay) { [self] in
            run.whenRunning { [self] in
                guard !isOver, connection == nil else { return }
                nextServer = (nextServer + 1) % world.ensemble.servers.count
                let server = world.ensemble.servers[nextServer]
                let connection = Connection(world: world, client: self, machine: run.machine.number, server: nextServer)
                self.connection = connection
                heardAt = run.machine.monotonic
                if world.network.isCutUp(run.machine.number, nextServer) { return }
                guard server.serves else { return lose() }
                world.network.remember(connection)
                server.accept(connection)
                connection.send(.hello(session: id, lastZxid: lastZxid, timeout: world.plot.sessionTimeout))
            }
        }
    }

    /// Pings after a third of the timeout without a word of ours, gives up after two thirds without one of theirs. The
    /// library's clock stands still while the machine is suspended.
    private func watchOverConnection() {
        watch += 1
        let watch = watch
        world.agenda.after(max(timeout / 6, 20 * millisecond)) { [self] in
            run.whenRunning { [self] in
                if isOver || self.watch != watch { return }
                let now = run.machine.monotonic
                if connection != nil, now - heardAt >= timeout * 2 / 3 {
                    lose()
                } else if isConnected, now - sentAt >= timeout / 3 - millisecond {
                    sentAt = now
                    connection?.send(.ping)
                }
                watchOverConnection()
            }
        }
    }

    /// What was on its way has an uncertain fate, what was queued none; the library calls both lost.
    func lose() {
        guard !isOver else { return }
        if let connection { connection.closeAtClient() }
        connection = nil
        let lost = inFlight + queued
        (inFlight, queued) = ([], [])
        if isConnected {
            isConnected = false
            world.note("\(run) loses its connection to server \(nextServer)")
            run.post(.session(.suspended))
        }
        for outgoing in lost { fail(outgoing, .connectionLost) }
        connect(after: world.dice.between(millisecond, world.plot.reconnectDelay))
    }

    private func fail(_ outgoing: Outgoing, _ reason: Failure.Reason) {
        outgoing.burst.fulfil(outgoing.index, .failure(Failure(reason, path: outgoing.request.path)))
    }

    private func send(_ outgoing: [Outgoing]) {
        inFlight += outgoing
        sentAt = run.machine.monotonic
        // Mostly in one packet; else other sessions' writes can come between.
        if outgoing.count == 1 || world.dice.chance(perMille: 500) {
            connection?.send(.requests(outgoing))
        } else {
            for one in outgoing { connection?.send(.requests([one])) }
        }
    }

    /// A server refuses what the client says of itself: the library gives the session up, for good.
    func refuse() {
        guard !isOver else { return }
        world.note("\(run) is refused by server \(nextServer): authentication failed")
        isOver = true
        isRefused = true
        connection?.closeAtClient()
        connection = nil
        isConnected = false
        run.post(.session(.authenticationFailed))
        let lost = inFlight + queued
        (inFlight, queued) = ([], [])
        for outgoing in lost { fail(outgoing, .authenticationFailed) }
    }

    // MARK: What comes

    func receive(_ message: Connection.Down, on connection: Connection) {
        guard !isOver, self.connection === connection else { return }
        heardAt = run.machine.monotonic
        switch message {
        case .reset: lose()
        case .ping(let zxid): lastZxid = max(lastZxid, zxid)
        case .event(let path, let change):
            world.note("\(run) is told: \(path) \(change)")
            forget(path, change)
            run.post(.watch(path: path, change))
        case .welcome(let session, let timeout): welcome(session, timeout)
        case .replies(let replies, let zxid):
            lastZxid = max(lastZxid, zxid)
            for (outgoing, reply) in replies {
                inFlight.removeAll { $0 === outgoing }
                remember(outgoing.request, reply)
                outgoing.burst.fulfil(outgoing.index, reply)
            }
        }
    }

    private func welcome(_ granted: Int64, _ timeout: Int64) {
        if granted == 0 {
            isOver = true
            connection?.closeAtClient()
            connection = nil
            run.post(.session(.expired))
            let lost = inFlight + queued
            (inFlight, queued) = ([], [])
            for outgoing in lost { fail(outgoing, .sessionExpired) }
            return
        }
        isConnected = true
        world.note("\(run) is connected to server \(nextServer)")
        self.timeout = timeout
        watchOverConnection()
        let session = Session(id: granted, timeout: .nanoseconds(timeout))
        self.session = session
        run.opened(session)
        run.post(.session(.connected(session)))
        if !watched.isEmpty {
            connection?.send(.watches(watched.map { ($0.path, $0.kind, $0.saw) }, since: lastZxid))
        }
        let waiting = queued
        queued = []
        if !waiting.isEmpty { send(waiting) }
    }

    // MARK: Watches

    private func remember(_ request: Request, _ reply: Reply) {
        switch (request, reply) {
        case (.get(let path, true), .success): watch(path, .data, saw: true)
        case (.exists(let path, true), .success): watch(path, .data, saw: true)
        case (.exists(let path, true), .failure(let failure)) where failure.reason == .noNode:
            watch(path, .data, saw: false)
        case (.children(let path, true), .success): watch(path, .children, saw: true)
        default: break
        }
    }

    private func watch(_ path: String, _ kind: Watches.Kind, saw: Bool) {
        if let index = watched.firstIndex(where: { $0.path == path && $0.kind == kind }) {
            watched[index].saw = saw
        } else {
            watched.append(Watched(path: path, kind: kind, saw: saw))
        }
    }

    private func forget(_ path: String, _ change: Event.Change) {
        watched.removeAll { $0.path == path && (change == .deleted || ($0.kind == .children) == (change == .children)) }
    }
}
