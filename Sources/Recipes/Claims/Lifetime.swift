package import Coordination

/// How long a command may live on a proof of ownership, and when it is ended for want of a newer one.
///
/// This is the one formula: the run's timers, its warnings and every check ask here. Docs/Guarantees.md has the reasons, under
/// "What kills what, and when" for the term and under "Mixed fleets" for what originals add.
package struct Lifetime: Sendable, Equatable {
    package let term: Term
    /// Nil: no originals share the tree.
    package private(set) var originals: Originals?

    package init(term: Term, originals: Originals? = nil) {
        self.term = term
        self.originals = originals
    }

    /// A second limit beside Perl originals: they take a lock as soon as its session expires, whatever the term.
    package struct Originals: Sendable, Equatable {
        /// T: the session timeout that the servers grant.
        package fileprivate(set) var session: Duration
        /// g: how late the leader may learn from another server that the session lives.
        package let relay: Duration

        package init(session: Duration, relay: Duration) {
            self.session = session
            self.relay = relay
        }

        /// ε: what a message takes on its way between two servers.
        private static let transit = Duration.milliseconds(100)
        /// How many parts of a session timeout a heartbeat's period is.
        fileprivate static let periods = 10

        /// The earliest expiry: D = s' + (1 - ρ) T - g - h - ε.
        fileprivate func deadline(_ proof: Proof) -> BootInstant {
            // Without heartbeats yet, the C library's pings stand for them. It sends one every third of the timeout.
            let jitter = proof.isYoung ? max(session / 3, proof.jitter) : proof.jitter
            return proof.before.advanced(by: Term.slowed(session) - relay - jitter - Self.transit)
        }

        /// The shortest session timeout beside originals. With it, and round trips as long as a period, SIGKILL is due at the
        /// instant at which the next heartbeat is answered; with a shorter one it is due before.
        ///
        /// Of T the drift is spent, one period between s' and s, two for h, two until the next answer, g, ε and the budget.
        package static func leastSession(relay: Duration) -> Duration {
            let percent = 100 - Int(Term.driftPercent) - 5 * 100 / periods
            return (relay + transit + KillingBudget.least.whole) * 100 / percent
        }
    }

    /// What a run's heartbeats have proven so far.
    package struct Proof: Sendable, Equatable {
        /// s: just before the newest acknowledged heartbeat was submitted. The take is the first heartbeat.
        package let newest: BootInstant
        /// s': the same of the acknowledged heartbeat before that one.
        package let before: BootInstant
        /// h: the longest time seen from one proof to the next submission, and the longest round trip.
        package let jitter: Duration
        /// Fewer than two heartbeats were acknowledged since the take: h says little yet.
        package let isYoung: Bool

        package init(newest: BootInstant, before: BootInstant, jitter: Duration, isYoung: Bool = false) {
            self.newest = newest
            self.before = before
            self.jitter = jitter
            self.isYoung = isYoung
        }
    }

    /// From one heartbeat to the next.
    package var period: Duration { originals.map { min(term.period, $0.session / Originals.periods) } ?? term.period }

    /// True if a session timeout that is shorter than before makes the lifetime shorter.
    package mutating func shorten(session: Duration) -> Bool {
        guard let originals, session < originals.session else { return false }
        self.originals?.session = session
        return true
    }

    /// The holder's promise: the command is dead by then.
    package func deadline(_ proof: Proof) -> BootInstant {
        min(term.deadline(since: proof.newest), originals?.deadline(proof) ?? .never)
    }

    /// When the tree is ended if no further heartbeat is acknowledged.
    ///
    /// SIGTERM never comes before three periods without an acknowledgement: one lost heartbeat kills nothing, and there is
    /// time to try another server. A guardian's lateness brings SIGKILL no nearer than that either. The size of the tree does:
    /// without the time for it the deadline would not be kept.
    /// - Parameter grace: the time wanted between SIGTERM and SIGKILL.
    /// - Parameter budget: how long killing may take.
    package func schedule(_ proof: Proof, grace: Duration, budget: KillingBudget = .least) -> Schedule {
        let deadline = deadline(proof)
        let patience = proof.newest.advanced(by: period * 3)
        let latest = deadline.advanced(by: .zero - budget.bySize)
        let kill = max(deadline.advanced(by: .zero - budget.whole), min(latest, patience))
        let terminate = max(kill.advanced(by: .zero - grace), patience)
        return Schedule(terminate: min(terminate, kill), kill: kill)
    }
}

// MARK: - Before a run

extension Lifetime {
    /// How a configuration stands to the formula, at the best: heartbeats on time, each answered at once, and a small tree.
    package enum Fit: Sendable, Equatable {
        case fits
        /// The promise holds, and a run that loses ownership has less grace than was asked for.
        case tight(ShortGrace)
        /// No run can start: see `Originals.leastSession(relay:)`.
        case impossible(leastSession: Duration)
    }

    /// - Parameter grace: termination_timeout.
    package func fit(grace: Duration) -> Fit {
        if let originals {
            let least = Originals.leastSession(relay: originals.relay)
            if originals.session < least { return .impossible(leastSession: least) }
        }
        let proof = steadyProof(at: BootInstant(nanoseconds: 0))
        let schedule = schedule(proof, grace: grace)
        let left = schedule.terminate.duration(to: schedule.kill)
        guard left < grace else { return .fits }
        let isBoundByTerm = deadline(proof) == term.deadline(since: proof.newest)
        return .tight(ShortGrace(left: left, wanted: grace, key: isBoundByTerm ? "ownership_term" : "session_timeout"))
    }

    /// What is proven at s once two heartbeats were acknowledged: every one came a period after the last, and was answered
    /// at once.
    package func steadyProof(at newest: BootInstant) -> Proof {
        Proof(newest: newest, before: newest.advanced(by: .zero - period), jitter: period)
    }
}

/// Less time between SIGTERM and SIGKILL than was asked for.
package struct ShortGrace: Sendable, Equatable {
    package let left: Duration
    package let wanted: Duration
    /// The key of the configuration whose value leaves no more.
    package let key: String

    /// What is the matter, and what helps: the line of a run, and of `check config`.
    package var text: String {
        let tenths = left.nanoseconds / 100_000_000
        return "if ownership is lost, \(tenths / 10).\(tenths % 10) s is left between SIGTERM and SIGKILL, less than "
            + "termination_timeout (\(wanted.components.seconds) s); make \(key) longer or termination_timeout shorter"
    }
}
