import Coordination

/// The ensemble as a whole: the log that quorums have agreed on, who leads, and which sessions live.
///
/// Zab is not played message by message. What a client can tell apart is kept: an entry is committed once, in order, and
/// only while the leader reaches a quorum; of what a lost leader had proposed, any prefix may survive.
final class Quorum {
    let world: World
    private(set) var servers: [SimulatedServer] = []
    /// Committed, in order; each server has applied a prefix.
    private(set) var log: [Transaction] = []
    /// Proposed by the leader, in order, and not committed yet.
    private var proposals: [Transaction] = []
    /// The leader's state with all of its proposals.
    private(set) var prepared = ZNodeTree()
    private(set) var leader: Int?
    private var reachable: [Bool]
    private var epoch: Int64 = 0
    private var counter: Int64 = 0
    private var commitAt: Int64 = 0
    private var isElecting = false
    private var sessionCounter: Int64 = 0
    /// Sessions whose end a leader has begun.
    private var closed: Set<Int64> = []
    let sessions: SessionTracker
    /// What servers grant at the most, in nanoseconds; it can be turned down while sessions live.
    var timeoutMax: Int64 = 60 * second

    init(world: World, serverCount: Int, tick: Int64) {
        self.world = world
        sessions = SessionTracker(tick: tick)
        reachable = Array(repeating: true, count: serverCount)
        servers = (0..<serverCount).map { SimulatedServer(world: world, number: $0) }
    }

    func begin() { elect(among: Array(servers.indices)) }

    private var majority: Int { servers.count / 2 + 1 }
    private var leading: SimulatedServer? { leader.map { servers[$0] } }

    // MARK: Writes

    func newSessionID(server: Int) -> Int64 {
        sessionCounter += 1
        return Int64(server + 1) << 56 | sessionCounter
    }

    /// What a server has sent to the leader.
    func propose(_ write: WriteRequest) {
        guard let leader, servers[leader].serves else { return }
        // Asked of a leader that has been replaced: no answer.
        if servers[write.server].role == .isolatedLeader, write.server != leader { return }
        switch write.kind {
        case .openSession(let id, let timeout):
            add([.openSession(id, timeout: timeout)], .success(.committed([])), write, session: 0)
            sessions.open(id, timeout: timeout, at: world.now, by: write.server)
        case .closeSession: closeSession(write.session, write)
        case .operations(let operations):
            if !prepared.hasSession(write.session) {
                return add([], .failure(Failure(.sessionExpired, path: "")), write, session: write.session)
            }
            // Moved to another server meanwhile: the old one's requests are refused, and its connection ends.
            if !sessions.isOwned(write.session, by: write.server) { return write.connection.drop() }
            counter += 1
            let done = prepared.perform(
                operations, session: write.session, zxid: epoch << 32 | counter, at: milliseconds)
            counter -= 1
            add(done.changes, done.reply, write, session: write.session, isPrepared: true)
        }
    }

    private var milliseconds: Int64 { world.now / millisecond }

    private func add(
        _ changes: [Change], _ reply: Reply, _ origin: WriteRequest?, session: Int64, isPrepared: Bool = false
    ) {
        counter += 1
        let zxid = epoch << 32 | counter
        if !isPrepared { for change in changes { prepared.apply(change, zxid: zxid, at: milliseconds) } }
        commitAt = max(commitAt, world.now + world.dice.between(millisecond / 5, world.plot.commitDelay))
        origin?.zxid = zxid
        proposals.append(
            Transaction(
                zxid: zxid, session: session, milliseconds: milliseconds, changes: changes, reply: reply,
                origin: origin,
                dueAt: commitAt))
        world.agenda.at(commitAt) { [self] in commit() }
    }

    private func commit() {
        guard let leading, leading.role == .leading, hasQuorum else { return }
        var count = 0
        while count < proposals.count, proposals[count].dueAt <= world.now { count += 1 }
        if count == 0 { return }
        let committed = proposals.prefix(count)
        proposals.removeFirst(count)
        for transaction in committed {
            log.append(transaction)
            world.referee.committed(transaction)
        }
        leading.apply(upTo: log.count)
        for server in servers where server.role == .following { server.applyLater(upTo: log.count) }
    }

    /// There is a leader that a majority follows; after a fault that takes as long as the servers need to notice it.
    var isServing: Bool { leading?.role == .leading && hasQuorum }

    private var hasQuorum: Bool { servers.filter { $0.role == .leading || $0.role == .following }.count >= majority }

    // MARK: Sessions

    func touch(_ session: Int64, by server: SimulatedServer) {
        sessions.touch(
            session, at: world.now, by: server.number, isLeader: server.role == .leading,
            isCut: server.role != .following && server.role != .leading)
    }

    func revalidate(_ session: Int64, timeout: Int64, at server: Int) -> Bool {
        // Deposed without knowing it: it believes its own state.
        if servers[server].role == .isolatedLeader, server != leader { return servers[server].tree.hasSession(session) }
        guard prepared.hasSession(session) else { return false }
        sessions.move(session, to: server, timeout: timeout, at: world.now)
        return true
    }

    /// Ends it with all of its nodes, in one entry.
    func closeSession(_ id: Int64, _ write: WriteRequest? = nil) {
        guard let leader, servers[leader].role == .leading || write != nil else { return }
        sessions.forget(id)
        closed.insert(id)
        let deletes = prepared.ephemerals(of: id).map { Change.delete($0) }
        add(prepared.hasSession(id) ? deletes + [.closeSession(id)] : [], .success(.committed([])), write, session: id)
    }

    /// Without a quorum's word: only for the control on the model.
    func openLocally(_ id: Int64, timeout: Int64) {
        add([.openSession(id, timeout: timeout)], .success(.committed([])), nil, session: 0)
        sessions.open(id, timeout: timeout, at: world.now, by: 0)
    }

    func wasClosed(_ id: Int64) -> Bool { closed.contains(id) }

    func expireOverdue() {
        guard let leading, leading.role == .leading else { return }
        for id in sessions.overdue(at: world.now) {
            world.note("session \(String(id, radix: 16)) expires")
            closeSession(id)
        }
    }

    // MARK: By hand

    /// An operator's write, through the leader if there is one.
    func operate(_ operations: [Operation]) {
        guard let leading, leading.role == .leading else { return }
        counter += 1
        let done = prepared.perform(operations, session: 0, zxid: epoch << 32 | counter, at: milliseconds)
        counter -= 1
        add(done.changes, done.reply, nil, session: 0, isPrepared: true)
    }

    // MARK: Faults

    func canBeIsolated(_ number: Int) -> Bool { reachable[number] && servers[number].role != .down }

    /// Cuts a server off from the others; both sides notice after a while, each in its own time.
    func isolate(_ number: Int, noticedAfter own: Int64, byOthersAfter others: Int64) {
        let server = servers[number]
        guard canBeIsolated(number) else { return }
        reachable[number] = false
        switch server.role {
        case .leading:
            server.turn(.isolatedLeader)
            for other in servers where other.role == .following { lose(other, after: others) }
            lose(server, after: own)
        case .following:
            lose(server, after: own)
            checkQuorum(after: own)
        default: break
        }
    }

    private func lose(_ server: SimulatedServer, after delay: Int64) {
        if server.role == .following {
            server.turn(.cutOff)
            sessions.cut(server.number, at: world.now)
        }
        let spell = server.spell
        world.agenda.after(delay) { [self] in
            guard server.spell == spell, server.role == .cutOff || server.role == .isolatedLeader else { return }
            look(server)
        }
    }

    /// A leader whose followers are gone steps down after a while.
    private func checkQuorum(after delay: Int64) {
        guard let leading, leading.role == .leading, !hasQuorum else { return }
        leading.turn(.isolatedLeader)
        for other in servers where other.role == .following { lose(other, after: delay) }
        lose(leading, after: delay)
    }

    func heal(_ number: Int) {
        reachable[number] = true
        // Nobody has noticed: it goes on as before. Whose leader is gone, or leads anew, has what it asked of it lost, and will
        // notice.
        let unaware = servers.filter { $0.role == .cutOff && reachable[$0.number] && $0.epoch == epoch }
        if let leader, servers[leader].role == .isolatedLeader, reachable[leader], unaware.count + 1 >= majority {
            servers[leader].turn(.leading)
        }
        guard let leading, leading.role == .leading else { return tryElection() }
        for server in unaware {
            server.turn(.following)
            server.applyLater(upTo: log.count)
            server.resume()
        }
        commitSoon()
        tryElection()
    }

    private func commitSoon() {
        world.agenda.after(world.dice.between(millisecond / 5, 2 * millisecond)) { [self] in commit() }
    }

    func crash(_ number: Int, downFor: Int64) {
        let server = servers[number]
        guard server.role != .down else { return }
        let wasLeading = leader == number && (server.role == .leading || server.role == .isolatedLeader)
        server.become(.down)
        if wasLeading {
            for other in servers where other.role == .following { lose(other, after: world.dice.skewed(upTo: second)) }
        } else {
            checkQuorum(after: world.dice.skewed(upTo: 2 * second))
        }
        world.agenda.after(downFor) { [self] in look(server) }
    }

    // MARK: Elections

    private func look(_ server: SimulatedServer) {
        server.become(.looking)
        tryElection()
    }

    private func tryElection() {
        guard !isElecting else { return }
        isElecting = true
        world.agenda.after(world.dice.between(20 * millisecond, world.plot.electionDelay)) { [self] in
            isElecting = false
            let looking = servers.filter { $0.role == .looking && reachable[$0.number] }.map(\.number)
            if looking.isEmpty { return }
            if let leading, leading.role == .leading {
                for number in looking { join(servers[number]) }
                commitSoon()
            } else if looking.count >= majority {
                elect(among: looking)
            }
        }
    }

    private func elect(among candidates: [Int]) {
        epoch += 1
        counter = 0
        let survivors = proposals.prefix(world.dice.below(proposals.count + 1))
        for transaction in survivors {
            log.append(transaction)
            world.referee.committed(transaction)
        }
        proposals = []
        let number = world.dice.pick(candidates)
        leader = number
        world.tally("election")
        servers[number].become(.leading)
        servers[number].epoch = epoch
        servers[number].apply(upTo: log.count)
        prepared = servers[number].tree
        commitAt = world.now
        sessions.beginAnew(prepared.sessions.map { ($0.id, $0.timeout) }, at: world.now)
        for candidate in candidates where candidate != number { join(servers[candidate]) }
    }

    private func join(_ server: SimulatedServer) {
        server.become(.following)
        server.epoch = epoch
        server.apply(upTo: log.count)
    }
}
