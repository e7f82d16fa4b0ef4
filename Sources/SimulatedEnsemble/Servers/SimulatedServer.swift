import Coordination

/// One server: what it has applied, whom it serves, and what it takes itself for.
final class SimulatedServer {
    enum Role: Equatable {
        case leading
        case following
        /// Cut off from the leader without knowing it yet: goes on answering reads and pings.
        case cutOff
        /// A leader cut off from its quorum without knowing it yet: likewise.
        case isolatedLeader
        case looking
        case down
    }

    let world: World
    let number: Int
    var role = Role.looking
    /// Tells the notices of one spell in a role from those of another.
    var spell = 0
    /// In which it leads or follows.
    var epoch: Int64 = 0
    private(set) var tree = ZNodeTree()
    private(set) var applied = 0
    private(set) var zxid: Int64 = 0
    private var watches = Watches()
    private var connections: [Connection] = []
    /// To the leader, in order, and how many of them found it out of reach when they should have arrived.
    private var outgoing: [() -> Void] = []
    private var delayed = 0
    private var forwardAt: Int64 = 0
    private var applyAt: Int64 = 0
    /// How long a committed transaction takes to be applied here, at the longest.
    var lag: Int64 = 2 * millisecond

    init(world: World, number: Int) {
        self.world = world
        self.number = number
    }

    var serves: Bool { role != .looking && role != .down }

    // MARK: From the clients

    func accept(_ connection: Connection) { connections.append(connection) }

    func receive(_ message: Connection.Up, from connection: Connection) {
        guard serves else { return connection.drop() }
        switch message {
        case .hello(let session, let lastZxid, let timeout): greet(connection, session, lastZxid, timeout)
        case .requests(let requests):
            touch(connection)
            for request in requests {
                // As beyond jute.maxbuffer: not read, and never answered.
                if world.plot.outputs == .tooBig, request.request.outputIndex != nil { return connection.drop() }
                take(request, from: connection)
            }
            answer(connection)
        case .watches(let list, let since):
            touch(connection)
            for (path, kind, saw) in list { setAgain(kind, path, saw, since, connection) }
        case .ping:
            touch(connection)
            connection.reply(.ping(zxid: zxid))
        case .close:
            forward(
                WriteRequest(server: number, session: connection.session, kind: .closeSession, connection: connection))
        }
    }

    private func greet(_ connection: Connection, _ session: Int64, _ lastZxid: Int64, _ timeout: Int64) {
        // It has seen more than we have: let it try another server.
        if lastZxid > zxid { return connection.drop() }
        let granted = min(timeout, world.ensemble.timeoutMax)
        if session == 0 {
            let id = world.ensemble.newSessionID(server: number)
            if world.plot.hasLocalSessions {
                // A control on the model: a session that no quorum has committed.
                world.ensemble.openLocally(id, timeout: granted)
                return welcome(connection, session: id, timeout: granted)
            }
            forward(
                WriteRequest(
                    server: number, session: id, kind: .openSession(id, timeout: granted), connection: connection))
        } else {
            for other in connections where other.session == session && other !== connection { other.closeAtServer() }
            reachLeader { [self] in
                let isValid = world.ensemble.revalidate(session, timeout: granted, at: number)
                world.agenda.after(world.dice.between(millisecond / 5, 3 * millisecond)) { [self] in
                    guard connection.isOpenAtServer, serves else { return }
                    if isValid {
                        welcome(connection, session: session, timeout: granted)
                    } else {
                        connection.reply(.welcome(session: 0, timeout: 0))
                    }
                }
            }
        }
    }

    func welcome(_ connection: Connection, session: Int64, timeout: Int64) {
        connection.session = session
        connection.reply(.welcome(session: session, timeout: timeout))
    }

    private func touch(_ connection: Connection) {
        if connection.session != 0 { world.ensemble.touch(connection.session, by: self) }
    }

    private func take(_ outgoing: Outgoing, from connection: Connection) {
        let isRefused = world.plot.outputs == .refused && outgoing.request.outputIndex != nil
        guard case .multi(let operations) = outgoing.request, !isRefused else {
            return connection.waiting.append(.read(outgoing))
        }
        let write = WriteRequest(
            server: number, session: connection.session, kind: .operations(operations), connection: connection)
        connection.waiting.append(.write(outgoing, write))
        forward(write)
    }

    /// In the order of the requests: a read waits for the writes before it.
    private func answer(_ connection: Connection) {
        var replies: [(Outgoing, Reply)] = []
        while let first = connection.waiting.first {
            switch first {
            case .read(let outgoing): replies.append((outgoing, read(outgoing.request, for: connection)))
            case .write(let outgoing, let write):
                guard let reply = write.reply else {
                    if !replies.isEmpty { connection.reply(.replies(replies, zxid: zxid)) }
                    return
                }
                replies.append((outgoing, reply))
            }
            connection.waiting.removeFirst()
        }
        if !replies.isEmpty { connection.reply(.replies(replies, zxid: zxid)) }
    }

    private func read(_ request: Request, for connection: Connection) -> Reply {
        switch request {
        case .get(let path, let watch):
            guard let node = tree[path] else { return .failure(Failure(.noNode, path: path)) }
            if watch { watches.add(.data, path, for: connection) }
            return .success(.node(data: node.data, node.stat))
        case .exists(let path, let watch):
            if watch { watches.add(.data, path, for: connection) }
            guard let node = tree[path] else { return .failure(Failure(.noNode, path: path)) }
            return .success(.stat(node.stat))
        case .children(let path, let watch):
            guard let node = tree[path] else { return .failure(Failure(.noNode, path: path)) }
            if watch { watches.add(.children, path, for: connection) }
            return .success(.children(node.children))
        case .multi:
            // By the access list of an output's node.
            return .failure(Failure(.notAuthorized, path: request.path, operation: request.outputIndex))
        case .accessList, .protect: return .failure(Failure(.other(-1), path: ""))
        }
    }

    /// A watch brought along from another connection: what it should have told meanwhile is told now.
    private func setAgain(_ kind: Watches.Kind, _ path: String, _ saw: Bool, _ since: Int64, _ connection: Connection) {
        let node = tree[path]
        switch kind {
        case .data:
            // SetWatches has a list for nodes that were there and one for nodes that were not (ZooKeeper's DataTree.setWatches):
            // a node deleted and made again has merely changed.
            if let node, saw, node.mzxid > since {
                connection.reply(.event(path: path, .changed))
            } else if node != nil, !saw {
                connection.reply(.event(path: path, .created))
            } else if node == nil, saw {
                connection.reply(.event(path: path, .deleted))
            } else {
                watches.add(.data, path, for: connection)
            }
        case .children:
            if let node, node.pzxid <= since {
                watches.add(.children, path, for: connection)
            } else {
                connection.reply(.event(path: path, node == nil ? .deleted : .children))
            }
        }
    }

    // MARK: To the leader

    private func forward(_ write: WriteRequest) {
        reachLeader { [self] in world.ensemble.propose(write) }
    }

    /// Messages to the leader stay in order; they are lost with the leader.
    private func reachLeader(_ then: @escaping () -> Void) {
        if role == .leading || role == .isolatedLeader { return then() }
        outgoing.append(then)
        deliverOne()
    }

    private func deliverOne() {
        forwardAt = max(forwardAt, world.now + world.dice.between(millisecond / 10, 2 * millisecond))
        let spell = spell
        world.agenda.at(forwardAt) { [self] in
            guard self.spell == spell else { return }
            if role == .following { outgoing.removeFirst()() } else { delayed += 1 }
        }
    }

    /// The leader can be reached again, and it is still the same.
    func resume() {
        let count = delayed
        delayed = 0
        for _ in 0..<count { deliverOne() }
    }

    // MARK: From the leader

    func applyLater(upTo count: Int) {
        applyAt = max(applyAt, world.now + (role == .leading ? 0 : world.dice.between(millisecond / 10, lag)))
        let spell = spell
        world.agenda.at(applyAt) { [self] in
            if role == .following || role == .leading, self.spell == spell { apply(upTo: count) }
        }
    }

    func apply(upTo count: Int) {
        while applied < count {
            let transaction = world.ensemble.log[applied]
            applied += 1
            zxid = transaction.zxid
            for change in transaction.changes {
                tree.apply(change, zxid: transaction.zxid, at: transaction.milliseconds)
                tell(change)
            }
            guard let origin = transaction.origin, origin.server == number else { continue }
            origin.reply = transaction.reply
            guard origin.connection.isOpenAtServer else { continue }
            switch origin.kind {
            case .operations: answer(origin.connection)
            case .openSession(let id, let timeout): welcome(origin.connection, session: id, timeout: timeout)
            case .closeSession: origin.connection.closeAtServer(tellsClient: true)
            }
        }
    }

    private func tell(_ change: Change) {
        let told = watches.fire(change)
        for (connection, path, event) in told where connection.isOpenAtServer {
            connection.reply(.event(path: path, event))
        }
        // Whose session has ended, and who has not heard of it, is not one who waits.
        let waiting = told.filter { $0.2 == .deleted && tree.hasSession($0.0.session) }
        if case .delete(let path) = change, waiting.count > 1 { world.referee.herd(path) }
        if case .closeSession(let id) = change {
            for connection in connections where connection.session == id { connection.closeAtServer(tellsClient: true) }
        }
    }

    // MARK: Its own life

    func forget(_ connection: Connection) {
        connections.removeAll { $0 === connection }
        watches.forget(connection)
    }

    /// Takes up a role; whoever looks for a leader, or is down, serves nobody.
    func become(_ role: Role) {
        self.role = role
        spell += 1
        world.note("server \(number) is \(role)")
        outgoing = []
        delayed = 0
        guard !serves else { return }
        for connection in connections { connection.closeAtServer(tellsClient: true) }
    }

    /// The same spell goes on under another name: nobody has noticed anything yet.
    func turn(_ role: Role) {
        self.role = role
        world.note("server \(number) is \(role)")
    }
}
