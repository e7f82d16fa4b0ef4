import Coordination
package import Host
import Recipes
import Steering
import Text

/// `check ensemble`: whether the servers are such that the promises hold on them, and whether the terms and timeouts of the
/// configuration fit them.
package struct EnsembleCheck {
    private let settings: Configuration
    private let servers: [ServerSight]
    private var findings: [Finding] = []

    package static func verdict(on servers: [ServerSight], run: RunSight, for settings: Configuration) -> Verdict {
        var check = EnsembleCheck(settings: settings, servers: servers)
        check.judge(run)
        check.judge()
        return Verdict(
            check: "ensemble", summary: check.summary, findings: check.findings,
            facts: ["servers": .array(servers.map(check.facts))].merging(run.openness?.facts ?? [:]) { $1 })
    }

    private init(settings: Configuration, servers: [ServerSight]) {
        self.settings = settings
        self.servers = servers
    }

    private mutating func judge() {
        judgeReach()
        judgeShape()
        judgeVersions()
        judgeSessions()
        judgeTerm()
        judgeMixedFleet()
        judgeConnections()
        tellWhatWasNotSeen()
    }

    private mutating func find(_ severity: Severity, _ place: String = "", _ message: String) {
        findings.append(Finding(severity, place, message))
    }

    private var alive: [ServerSight] { servers.filter { $0.fault == nil } }

    private var summary: String {
        let versions = Set(servers.compactMap { $0.version?.text }).sorted().joined(separator: ", ")
        let slowest = servers.compactMap { server in
            if case .granted(_, let after) = server.handshake { after } else { nil }
        }.max()
        return "\(alive.count) of \(servers.count) \(servers.count == 1 ? "server answers" : "servers answer")"
            + (versions.isEmpty ? "" : ", version \(versions)") + (slowest.map { ", a session within \($0) ms" } ?? "")
    }

    // MARK: - Servers

    private mutating func judge(_ run: RunSight) {
        if case .failed(let severity, let why) = run {
            find(severity, "", why)
            // Then that says it all.
            if alive.allSatisfy({ $0.refusal != nil }) { return }
        }
        if let finding = run.openness?.finding { findings.append(finding) }
        for server in alive {
            if let refusal = server.refusal {
                find(.warning, server.name, "\(refusal); runs that reach it first begin later, or not at all")
            }
        }
    }

    private mutating func judgeReach() {
        for server in servers {
            if let fault = server.fault { find(alive.isEmpty ? .critical : .warning, server.name, fault) }
        }
    }

    /// What it takes for the servers to outlive one of them, and to be one ensemble at all.
    private mutating func judgeShape() {
        let alone = servers.filter { $0.mode == "standalone" }
        // One name with several addresses is more likely one server than several.
        if Set(alone.map(\.entry)).count > 1
            || (!alone.isEmpty && servers.contains { ["leader", "follower"].contains($0.mode) })
        {
            find(
                .critical, alone[0].name,
                "is a standalone server, and zkhosts names others: each would have a tree of its own, so that each lock could be "
                    + "held once on each; make them one ensemble (if zkhosts names one server twice, name it once)")
        } else if !alone.isEmpty {
            find(
                .warning, alone[0].name,
                "is a standalone server: while it is away no job starts, and running commands are ended; three servers "
                    + "survive the loss of one")
        }
        let leaders = servers.filter { $0.mode == "leader" }
        if leaders.count > 1 {
            find(
                .critical, leaders[1].name,
                "leads, and so does \(leaders[0].name): two ensembles, or an election; if it stays so, correct zkhosts")
        }
        for server in servers where server.mode == "read-only" {
            find(.warning, server.name, "is read-only: it has lost its quorum")
        }
        guard alone.isEmpty, let voters = servers.compactMap(\.voterCount).max() else { return }
        if voters.isMultiple(of: 2) {
            let spare = voters / 2 - 1
            find(
                .warning, "",
                "an even number of voting servers (\(voters)) survives the loss of \(spare == 0 ? "none" : String(spare)), as "
                    + "\(voters - 1) would; make it \(voters + 1)")
        }
        if Set(settings.zkhosts.map(\.text)).count < voters {
            find(
                .warning, "",
                "zkhosts names \(settings.zkhosts.count) of \(voters) voting servers, so a run cannot move to the others; name "
                    + "them all")
        }
    }

    private mutating func judgeVersions() {
        for server in servers where server.mode != "standalone" {
            if let version = server.version, let loss = version.loss {
                find(
                    .critical, server.name,
                    "runs \(version.text), which may lose committed writes, and with them locks (\(loss))")
            }
        }
        let versions = Set(servers.compactMap { $0.version?.text })
        if versions.count > 1 {
            find(.ok, "", "the servers are of different versions: \(versions.sorted().joined(separator: ", "))")
        }
    }

    // MARK: - Timeouts

    private mutating func judgeSessions() {
        let asked = settings.sessionTimeoutSeconds * 1000
        for server in servers {
            guard case .granted(let granted, _) = server.handshake, granted != asked else { continue }
            let bounds =
                server.leastSessionMilliseconds.flatMap { least in
                    server.mostSessionMilliseconds.map { " (it admits \(least) to \($0) ms)" }
                } ?? ""
            let effect =
                granted < asked
                ? "the claims of a host that is cut off go sooner; raise its maxSessionTimeout"
                : "the claims of a dead host stay longer; lower its minSessionTimeout"
            find(
                .warning, server.name,
                "grants a session timeout of \(granted) ms instead of session_timeout \(asked) ms\(bounds): \(effect), or change "
                    + "session_timeout")
        }
        func differ(_ name: String, _ values: [(String, Int64)]) {
            guard let first = values.first, let other = values.first(where: { $0.1 != first.1 }) else { return }
            find(
                .warning, other.0,
                "has \(name) \(other.1) ms, and \(first.0) has \(first.1) ms: a session may change its timeout as it moves; make "
                    + "them equal")
        }
        differ("minSessionTimeout", servers.compactMap { one in one.leastSessionMilliseconds.map { (one.name, $0) } })
        differ("maxSessionTimeout", servers.compactMap { one in one.mostSessionMilliseconds.map { (one.name, $0) } })
        differ("tickTime", servers.compactMap { one in one.tickMilliseconds.map { (one.name, $0) } })
    }

    /// A run must outlive an election and slow answers, or each of them ends every command.
    private mutating func judgeTerm() {
        let lifetime = lifetime
        let proof = lifetime.steadyProof(at: BootInstant(nanoseconds: 0))
        let schedule = lifetime.schedule(proof, grace: .seconds(settings.terminationTimeoutSeconds))
        let patience = schedule.terminate.nanoseconds / 1_000_000
        let keys = "ownership_term" + (settings.mixedFleet ? " and session_timeout" : "")
        for server in servers {
            guard let tick = server.tickMilliseconds, let limit = server.syncLimitTicks else { continue }
            let (election, overflows) = tick.multipliedReportingOverflow(by: limit)
            if overflows || election >= patience {
                find(
                    .warning, server.name,
                    "may take \(overflows ? "for ever" : "\(election) ms") (syncLimit times tickTime) to see that its leader is "
                        + "gone, and commands are ended after \(patience) ms without an answer; make \(keys) longer")
                break
            }
        }
        let period = lifetime.period.nanoseconds / 1_000_000
        for server in servers {
            guard case .granted(_, let after) = server.handshake, after > period else { continue }
            find(
                .warning, server.name,
                "took \(after) ms to begin a session, longer than the \(period) ms between two heartbeats; find out why, or make "
                    + "\(keys) longer")
        }
    }

    /// How long a command may live on one proof, with the shortest session timeout that a server grants.
    private var lifetime: Lifetime {
        let granted = servers.compactMap { server in
            if case .granted(let milliseconds, _) = server.handshake { milliseconds } else { nil }
        }
        let asked = settings.sessionTimeoutSeconds * 1000
        return settings.lifetime(session: .milliseconds(min(asked, granted.min() ?? asked)))
    }

    private mutating func judgeMixedFleet() {
        guard settings.mixedFleet else { return }
        let tick = Int64(settings.serverTickMilliseconds)
        for server in servers {
            if case .granted(let granted, _) = server.handshake,
                case .impossible(let least) = settings.lifetime(session: .milliseconds(granted)).fit(grace: .zero)
            {
                find(
                    .critical, server.name,
                    "grants a session timeout of \(granted) ms, and mixed_fleet needs "
                        + "\((least.nanoseconds + 999_999) / 1_000_000) ms: every run refuses to start; raise its "
                        + "maxSessionTimeout")
            }
            if let serverTick = server.tickMilliseconds {
                guard tick < serverTick else { continue }
                find(
                    .critical, server.name,
                    "has tickTime \(serverTick) ms, and mixed_fleet relies on server_tick, which is \(tick) ms: an original could "
                        + "start beside a running command; set server_tick to \(serverTick)")
            } else if server.fault == nil {
                find(
                    .unknown, server.name,
                    "could not see its tickTime, on which mixed_fleet relies; allow conf in its 4lw.commands.whitelist, or "
                        + "look into its zoo.cfg: server_tick (\(tick) ms) must be that")
            }
        }
        let ticks = servers.compactMap(\.tickMilliseconds)
        if let longest = ticks.max(), longest < tick, ticks.count == servers.count {
            find(
                .ok, "",
                "server_tick is \(tick) ms, and the servers' tickTime \(longest) ms: commands are ended sooner than they need be; "
                    + "set server_tick to \(longest)")
        }
    }

    // MARK: - Connections

    /// Those that are left inherit the connections of a server that is lost, at the worst all of them. As long as there are no
    /// more than one admits, none is refused, wherever they come from.
    private mutating func judgeConnections() {
        let all = servers.compactMap(\.connectionCount).sum
        let limited = servers.filter { ($0.mostConnectionsOfOneAddress ?? 0) > 0 }
        guard let server = limited.first(where: { $0.mostConnectionsOfOneAddress ?? .max < all }) else { return }
        find(
            .warning, server.name,
            "admits \(server.mostConnectionsOfOneAddress ?? 0) connections of one address (maxClientCnxns), and there are \(all) "
                + "in all: a busy host, or many behind one address (NAT), may be refused when another server is lost, so that "
                + "their commands are ended; set it to 0 on every server, or to more than one address will ever have")
    }

    // MARK: - What was not seen

    private mutating func tellWhatWasNotSeen() {
        for server in servers where server.fault == nil {
            let words: [(String, ServerSight.Word)] = [
                ("srvr", server.srvr), ("conf", server.conf), ("mntr", server.mntr),
            ]
            let refused = words.filter { if case .refused = $0.1 { true } else { false } }.map(\.0)
            let failed = words.filter { if case .failed = $0.1 { true } else { false } }.map(\.0)
            if !refused.isEmpty {
                find(
                    .ok, server.name,
                    "could not see all: \(refused.joined(separator: ", ")) not in its 4lw.commands.whitelist")
            }
            if !failed.isEmpty {
                find(.ok, server.name, "could not see all: no answer to \(failed.joined(separator: ", "))")
            }
            if server.version == nil {
                find(
                    .unknown, server.name,
                    "could not see its version, and some lose committed writes: it does not answer srvr as ZooKeeper does"
                )
            } else if server.mode == nil {
                find(.unknown, server.name, "could not see whether it is standalone or part of an ensemble")
            }
        }
    }

    private func facts(of server: ServerSight) -> JSONValue {
        var facts: [ExactName: JSONValue] = [
            "server": .string(server.name), "answers": .boolean(server.fault == nil),
            "version": server.version.map { .string($0.text) } ?? .null,
            "mode": server.mode.map { .string($0) } ?? .null,
            "tick_ms": server.tickMilliseconds.map { .integer($0) } ?? .null,
            "min_session_ms": server.leastSessionMilliseconds.map { .integer($0) } ?? .null,
            "max_session_ms": server.mostSessionMilliseconds.map { .integer($0) } ?? .null,
            "connect_ms": server.connectMilliseconds.map { .integer($0) } ?? .null,
        ]
        if case .granted(let timeout, let after) = server.handshake {
            facts["granted_session_ms"] = .integer(timeout)
            facts["session_within_ms"] = .integer(after)
        }
        return .object(facts)
    }
}
