import Coordination

/// One TCP connection between a run's client and a server: messages of one direction stay in order, may take long, may be
/// held back for as long as the path is cut, and may never arrive.
final class Connection {
    enum Up {
        case hello(session: Int64, lastZxid: Int64, timeout: Int64)
        case requests([Outgoing])
        case watches([(path: String, kind: Watches.Kind, saw: Bool)], since: Int64)
        case ping
        case close
    }

    enum Down {
        /// Session 0: it has expired.
        case welcome(session: Int64, timeout: Int64)
        case replies([(Outgoing, Reply)], zxid: Int64)
        case event(path: String, Event.Change)
        case ping(zxid: Int64)
        case reset
    }

    /// A request as the server sees it, in the order in which it answers.
    enum Waiting {
        case read(Outgoing)
        case write(Outgoing, WriteRequest)
    }

    let world: World
    unowned let client: SimulatedClient
    let machine: Int
    let server: Int
    var isOpenAtClient = true
    var isOpenAtServer = true
    /// Set by the server once the session is valid there.
    var session: Int64 = 0
    var waiting: [Waiting] = []
    private var upAt: Int64 = 0
    private var downAt: Int64 = 0
    private var heldUp: [Up] = []
    private var isFinishing = false
    private var heldDown: [Down] = []

    init(world: World, client: SimulatedClient, machine: Int, server: Int) {
        self.world = world
        self.client = client
        self.machine = machine
        self.server = server
    }

    // MARK: To the server

    func send(_ message: Up) {
        upAt = max(upAt, world.now + world.network.delay(machine, server, &world.dice))
        world.agenda.at(upAt) { [self] in arrive(message) }
    }

    private func arrive(_ message: Up) {
        guard isOpenAtServer else { return }
        if world.network.isCutUp(machine, server) || !heldUp.isEmpty { return heldUp.append(message) }
        // Lost on the way, or carried out and the answer lost: the two that a client cannot tell apart.
        if case .requests = message, world.isChaos, machine < world.plot.nativeMachines,
            world.dice.chance(perMille: world.plot.lossPerMille)
        {
            let afterwards = world.dice.chance(perMille: 500)
            world.tally(afterwards ? "reply lost" : "request lost")
            if afterwards { world.ensemble.servers[server].receive(message, from: self) }
            return drop()
        }
        world.ensemble.servers[server].receive(message, from: self)
    }

    // MARK: To the client

    func reply(_ message: Down) {
        downAt = max(downAt, world.now + world.network.delay(machine, server, &world.dice))
        world.agenda.at(downAt) { [self] in comeBack(message) }
    }

    private func comeBack(_ message: Down) {
        guard isOpenAtClient else { return }
        if world.network.isCutDown(machine, server) || !heldDown.isEmpty { return heldDown.append(message) }
        client.run.whenRunning { [self] in
            if isOpenAtClient { client.receive(message, on: self) }
        }
    }

    /// The path is whole again: what was held back arrives, in order.
    func release() {
        if !world.network.isCutUp(machine, server), !heldUp.isEmpty {
            let held = heldUp
            heldUp = []
            for message in held { arrive(message) }
        }
        if isFinishing { finish() }
        if !world.network.isCutDown(machine, server), !heldDown.isEmpty {
            let held = heldDown
            heldDown = []
            for message in held { comeBack(message) }
        }
    }

    // MARK: Its end

    /// A reset, seen by both ends unless the path is cut.
    func drop() {
        closeAtServer()
        if !world.network.isCutDown(machine, server) { reset() }
    }

    /// The server ends it: the client sees that behind what was sent before.
    func closeAtServer(tellsClient: Bool = false) {
        guard isOpenAtServer else { return }
        isOpenAtServer = false
        waiting = []
        heldUp = []
        if !isOpenAtClient { world.network.forget(self) }
        world.ensemble.servers[server].forget(self)
        if tellsClient { reply(.reset) }
    }

    private func reset() {
        guard isOpenAtClient else { return }
        client.run.whenRunning { [self] in client.receive(.reset, on: self) }
    }

    /// The client ends it; the server sees that if the path is whole, else when it tries to answer.
    func closeAtClient() {
        guard isOpenAtClient else { return }
        isOpenAtClient = false
        heldDown = []
        // What is held back is still sent, again and again, by a kernel that nobody can recall it from.
        upAt = max(upAt, world.now + world.network.delay(machine, server, &world.dice))
        world.agenda.at(upAt) { [self] in finish() }
    }

    private func finish() {
        if heldUp.isEmpty, !world.network.isCutUp(machine, server) {
            world.network.forget(self)
            closeAtServer()
        } else {
            isFinishing = true
        }
    }
}

/// One request of a client on its way, and which of a burst it is.
final class Outgoing {
    let request: Request
    let burst: SimulatedBurst
    let index: Int

    init(request: Request, burst: SimulatedBurst, index: Int) {
        self.request = request
        self.burst = burst
        self.index = index
    }
}

/// Requests submitted together, and the replies that have come so far.
final class SimulatedBurst {
    private let reply: ([Reply]) -> Void
    private var replies: [Reply?]
    private var missing: Int

    init(count: Int, reply: @escaping ([Reply]) -> Void) {
        self.reply = reply
        replies = Array(repeating: nil, count: count)
        missing = count
    }

    func fulfil(_ index: Int, _ answer: Reply) {
        guard replies[index] == nil else { return }
        replies[index] = answer
        missing -= 1
        if missing == 0 { reply(replies.compactMap { $0 }) }
    }
}
