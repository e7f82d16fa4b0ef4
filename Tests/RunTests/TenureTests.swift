import Coordination
import Recipes
import Run
import Testing
import Text

/// The supervisor's decisions, one rule at a time; what they add up to is for the simulation and the real servers.
@Suite struct TenureTests {
    func at(_ seconds: Double) -> BootInstant {
        BootInstant(nanoseconds: Int64((seconds * 1000).rounded()) * 1_000_000)
    }

    func tenure(
        found: Int64? = nil, leases: Bool = false, owns: Bool = true, mixed: Bool = false, term: Int64 = 30,
        writtenStart: Int64? = nil, answered: Double = 100.1, session: Int64 = 30, fleetChanged: Bool = false,
        with change: (inout Job) -> Void = { _ in }
    ) -> Tenure {
        var job = Job(
            lockname: "a", takesLock: true, leases: [], group: "g", leaseWait: nil, term: Term(seconds: term),
            mixedFleet: mixed, relay: .seconds(2), dataReadLimit: 65_535, connectTimeout: .seconds(15),
            macros: Macros(fqdn: "h", cpuCount: 1, memoryMB: 1), host: "h", pid: 1, layout: Layout(prefix: "/p"),
            servers: "s:1")
        change(&job)
        var record = JobRecord(session: "5", n: 1, term: max(term, found ?? 0), host: "h", pid: 1, runs: [])
        record.started = writtenStart
        let claims = Claims(
            lock: ("/p/locks/a", 17), leases: [], marks: [], record: ("/p/jobs/a", 4, record),
            session: Session(id: 5, timeout: .seconds(session)), takenMilliseconds: 5_000, submitted: at(100),
            submittedBefore: at(99),
            acknowledged: at(answered), found: found.map { Term(seconds: $0) })
        return Tenure(
            job: job, claims: owns ? claims : nil, grace: .seconds(10), waitsForDescendants: true,
            fleetChanged: fleetChanged)
    }

    func started(_ tenure: inout Tenure) -> [Tenure.Action] {
        var actions = tenure.tick(at: at(100.2))
        actions += tenure.handle(.tree(.acknowledged(sequence: 1)), at: at(100.2))
        return actions + tenure.handle(.tree(.started(pid: 9)), at: at(100.2))
    }

    let mine = Reply.success(
        .stat(NodeStat(czxid: 17, mzxid: 1, ctimeMilliseconds: 1, mtimeMilliseconds: 1, version: 0, ephemeralOwner: 5)))

    func stat(version: Int32) -> NodeStat {
        NodeStat(
            czxid: 1, mzxid: 1, ctimeMilliseconds: 1, mtimeMilliseconds: 1, version: version, ephemeralOwner: 0)
    }

    /// The ticket of the newest write or heartbeat, if any was submitted.
    func ticket(_ actions: [Tenure.Action]) -> Int? {
        for case .submit(let ticket, let requests) in actions.reversed() {
            if case .multi? = requests.first { return ticket }
        }
        return nil
    }

    func submitted(_ actions: [Tenure.Action]) -> [Request] {
        for case .submit(_, let requests) in actions.reversed() {
            if case .multi? = requests.first { return requests }
        }
        return []
    }

    func finishes(_ actions: [Tenure.Action]) -> Bool {
        actions.contains { if case .finish = $0 { true } else { false } }
    }

    func starts(_ actions: [Tenure.Action]) -> Bool {
        actions.contains { if case .start = $0 { true } else { false } }
    }

    func end(_ actions: [Tenure.Action]) -> BootInstant? {
        for case .end(let limit) in actions { return limit }
        return nil
    }

    // MARK: The start

    @Test func theTakeIsTheFirstHeartbeat() {
        var tenure = tenure()
        let actions = started(&tenure)
        guard case .start(1, let schedule, again: false)? = actions.first else { return #expect(Bool(false)) }
        #expect(schedule == Schedule(terminate: at(117.7), kill: at(127.7)))
    }

    @Test func aLostPredecessorIsWaitedOutFromOurOwnAcknowledgement() {
        var tenure = tenure(found: 10)
        let actions = tenure.tick(at: at(100.2))
        #expect(!starts(actions) && submitted(actions).isEmpty)
        #expect(tenure.wake == at(103))
        for case .submit(let ticket, let requests) in actions {
            guard case .get("/p", watch: true)? = requests.first else { continue }
            let data = Array(#"{"groups":{"g":["h"]}}"#.utf8)
            _ = tenure.handle(.replies(ticket: ticket, [.success(.node(data: data, stat(version: 1)))]), at: at(100.3))
        }
        for second in [103.0, 106, 109] {
            let beat = tenure.handle(.timer, at: at(second))
            _ = tenure.handle(
                .replies(ticket: ticket(beat) ?? 0, [.success(.committed([nil])), mine]), at: at(second + 0.1))
        }
        #expect(tenure.handle(.timer, at: at(110.19)).isEmpty, "10.1 s after 100.1, not after the submission")
        let write = tenure.handle(.timer, at: at(110.2))
        guard case .multi(let operations)? = submitted(write).first, case .set(_, let data, _)? = operations.first
        else { return #expect(Bool(false)) }
        let written = tenure.handle(
            .replies(
                ticket: ticket(write) ?? 0,
                [.success(.committed([nil])), .success(.node(data: data, stat(version: 5)))]),
            at: at(110.3))
        #expect(starts(written))
    }

    @Test(arguments: [(#"{"paused":["a"]}"#, false), ("{}", true), ("{", true)])
    func whatChangedDuringTheTakeIsReadBeforeTheStart(data: String, isStarted: Bool) {
        var tenure = tenure(fleetChanged: true) { $0.group = nil }
        let actions = tenure.tick(at: at(100.2))
        #expect(!starts(actions))
        guard case .submit(let ticket, let requests)? = actions.first, case .get("/p", watch: true)? = requests.first
        else { return #expect(Bool(false)) }
        let next = tenure.handle(
            .replies(ticket: ticket, [.success(.node(data: Array(data.utf8), stat(version: 1)))]), at: at(100.3))
        #expect(starts(next) == isStarted)
    }

    @Test func nothingStartsOnStaleProof() {
        var tenure = tenure(found: 30)
        // No heartbeat was acknowledged during the wait-out.
        let beat = tenure.handle(.timer, at: at(103))
        #expect(ticket(beat) != nil)
        let late = tenure.handle(.timer, at: at(131))
        #expect(!late.contains { if case .start = $0 { true } else { false } })
    }

    @Test func aLongerTermIsReplacedByOneGuardedWriteBeforeTheStart() {
        var tenure = tenure(found: 60)
        var now = 103.0
        while now < 161 {
            let beat = tenure.handle(.timer, at: at(now))
            if let ticket = ticket(beat) {
                _ = tenure.handle(.replies(ticket: ticket, [.success(.committed([nil])), mine]), at: at(now + 0.1))
            }
            now += 3
        }
        let write = submitted(tenure.handle(.timer, at: at(161)))
        guard case .multi(let operations)? = write.first, operations.count == 1,
            case .set("/p/jobs/a", let data, 4) = operations[0]
        else { return #expect(Bool(false)) }
        #expect(JobRecord(bytes: data)?.term == 30)
    }

    @Test(arguments: [.notAuthorized, .other(-125)] as [Failure.Reason])
    func aRecordThatMayNotBeWrittenIsGivenUp(reason: Failure.Reason) {
        var tenure = tenure(found: 2)
        let write = tenure.handle(.timer, at: at(102.5))
        let refused = Reply.failure(Failure(reason, path: "/p/jobs/a"))
        _ = tenure.handle(.replies(ticket: ticket(write)!, [refused, refused]), at: at(102.6))
        #expect(tenure.isToBeginAnew)
    }

    // MARK: Loss

    @Test func anAcknowledgementMovesTheDeadlineAndAnUnknownReplyDoesNot() {
        var tenure = tenure()
        _ = started(&tenure)
        let beat = tenure.handle(.timer, at: at(103))
        let moved = tenure.handle(
            .replies(ticket: ticket(beat) ?? 0, [.success(.committed([nil])), mine]), at: at(103.5))
        guard case .postpone(2, let schedule)? = moved.first else { return #expect(Bool(false)) }
        #expect(schedule.kill == at(130.7), "counted from the submission")
        _ = tenure.handle(.tree(.acknowledged(sequence: 2)), at: at(103.6))
        let next = tenure.handle(.timer, at: at(106))
        let unknown = tenure.handle(
            .replies(ticket: ticket(next) ?? 0, [.failure(Failure(.connectionLost, path: "")), mine]), at: at(106.1))
        #expect(unknown.isEmpty)
    }

    @Test func aDeletedLockEndsTheTreeByTheOldDeadline() {
        var tenure = tenure()
        _ = started(&tenure)
        let actions = tenure.handle(.watch(path: "/p/locks/a", .deleted), at: at(101))
        #expect(end(actions) == at(127.7))
        _ = tenure.handle(.tree(.exited(waitStatus: 15, remaining: 0, ending: .requested)), at: at(102))
        let release = tenure.handle(.tree(.reaped), at: at(102))
        guard case .multi(let operations)? = submitted(release).first else { return #expect(Bool(false)) }
        #expect(!operations.contains(.delete("/p/locks/a")), "it may be somebody else's by now")
        #expect(tenure.handle(.timer, at: at(102)).isEmpty)
        let end = tenure.handle(.replies(ticket: ticket(release) ?? 0, [.success(.committed([nil]))]), at: at(102.1))
        #expect(finishes(end) && tenure.ended.outcome == .lost)
    }

    @Test func theCreationOfOurOwnLockIsNoLoss() {
        var tenure = tenure()
        _ = started(&tenure)
        #expect(tenure.handle(.watch(path: "/p/locks/a", .created), at: at(101)).isEmpty)
    }

    @Test func aCommandReapedBeforeOurFirstKillKeepsItsStatus() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.tree(.exited(waitStatus: 7 << 8, remaining: 0, ending: .none)), at: at(101))
        _ = tenure.handle(.session(.expired), at: at(101))
        let actions = tenure.handle(.tree(.reaped), at: at(101))
        #expect(finishes(actions) && tenure.ended == Ended(outcome: .ran, code: 7))
    }

    @Test func anExpiredSessionReleasesNothing() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.session(.expired), at: at(101))
        _ = tenure.handle(.tree(.exited(waitStatus: 9, remaining: 0, ending: .requested)), at: at(102))
        let actions = tenure.handle(.tree(.reaped), at: at(102))
        #expect(submitted(actions).isEmpty)
        #expect(finishes(actions) && tenure.ended.outcome == .lost)
    }

    // MARK: Reap before release

    @Test func nothingIsReleasedWhileTheTreeLives() {
        var tenure = tenure()
        _ = started(&tenure)
        let exited = tenure.handle(.tree(.exited(waitStatus: 0, remaining: 2, ending: .none)), at: at(101))
        #expect(submitted(exited).isEmpty)
        let beat = tenure.handle(.timer, at: at(103))
        #expect(submitted(beat).count == 2, "the heartbeats go on")
        let release = tenure.handle(.tree(.reaped), at: at(104))
        guard case .multi(let operations)? = submitted(release).first else { return #expect(Bool(false)) }
        #expect(operations.last == .delete("/p/locks/a"))
    }

    /// Seed 7187: stopped between the take and the start, it held the lock for good and never started.
    @Test func aMixedFleetsRunWhoseHeartbeatsCameTooFarApartBeginsAnew() {
        var tenure = tenure(mixed: true)
        var now = at(130)
        var actions = tenure.tick(at: now)
        var ended = false
        while !ended, now < at(160) {
            if let ticket = ticket(actions) {
                actions = tenure.handle(
                    .replies(ticket: ticket, [.success(.committed([nil])), mine]),
                    at: now.advanced(by: .milliseconds(5)))
            } else {
                now = max(now, tenure.wake)
                actions = tenure.handle(.timer, at: now)
            }
            #expect(actions.allSatisfy { if case .start = $0 { false } else { true } })
            ended = finishes(actions)
        }
        #expect(ended && tenure.isToBeginAnew)
    }

    /// Plays heartbeats at these instants, each answered so much later; what the last answer leads to.
    func beats(_ tenure: inout Tenure, at seconds: [Double], answered: Double = 0.1) -> [Tenure.Action] {
        var last: [Tenure.Action] = []
        for second in seconds {
            let beat = tenure.handle(.timer, at: at(second))
            last = tenure.handle(
                .replies(ticket: ticket(beat) ?? 0, [.success(.committed([nil])), mine]), at: at(second + answered))
        }
        return last
    }

    /// Seed 100310787: after slow answers its record was to be written at instants at which the newest heartbeat always proved too
    /// little; it held the lock for good and never started. And where it could just be started it would have been killed before
    /// the next heartbeat was answered: the deadline leans on two of them.
    @Test func aMixedFleetsRunThatTheNextHeartbeatWouldNotReachIsGivenUp() {
        var tenure = tenure(found: 11, mixed: true, session: 10)
        _ = beats(&tenure, at: [101.1, 102.2, 103.2, 106.5, 107.5])
        _ = beats(&tenure, at: [109], answered: 0.9)
        _ = beats(&tenure, at: [110, 111.1])
        #expect(!finishes(tenure.handle(.timer, at: at(111.2))))
        let end = tenure.handle(.timer, at: at(111.21))
        #expect(!starts(end) && submitted(end).count == 1 && tenure.isToBeginAnew, "the claims are given back")
    }

    /// A take that was answered so late says what is to be expected of the heartbeats, of which one is under way at a time.
    @Test(arguments: [105, 110.4])
    func aMixedFleetsRunWhoseTakeWasSlowBeginsAnew(answered: Double) {
        var tenure = tenure(mixed: true, answered: answered)
        let actions = tenure.tick(at: at(answered))
        #expect(!starts(actions) && tenure.isToBeginAnew && tenure.isHopeless)
    }

    /// The floor of three periods is that of its own heartbeats: with the term's, a long term left no time between the two.
    @Test func aMixedFleetsLongTermLeavesItsGrace() {
        var tenure = tenure(mixed: true, term: 120)
        guard case .start(1, let schedule, again: false)? = started(&tenure).first else { return #expect(Bool(false)) }
        #expect(schedule == Schedule(terminate: at(109), kill: at(114.6)))
    }

    @Test func aShorterSessionTimeoutIsToldToTheGuardianAtOnce() {
        for mixed in [true, false] {
            var tenure = tenure(mixed: mixed)
            _ = started(&tenure)
            _ = tenure.handle(.session(.suspended), at: at(101))
            let same = tenure.handle(.session(.connected(Session(id: 5, timeout: .seconds(30)))), at: at(101.1))
            #expect(postponed(same) == nil)
            let shorter = tenure.handle(.session(.connected(Session(id: 5, timeout: .seconds(20)))), at: at(101.2))
            #expect(
                postponed(shorter) == (mixed ? BootInstant(nanoseconds: 108_033_333_333) : nil),
                "originals wait nobody out")
        }
    }

    func postponed(_ actions: [Tenure.Action]) -> BootInstant? {
        for case .postpone(_, let schedule) in actions { return schedule.kill }
        return nil
    }

    // MARK: The guardian

    /// It had been stopped, and had not told that the command had ended.
    @Test(arguments: [(0, Outcome.ran), (3 << 8, .ran), (15, .signaled), (9, .lost)] as [(Int32, Outcome)])
    func whatEndedBeforeATakeOverKeepsItsStatus(status: Int32, outcome: Outcome) {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.tree(.guardianGone), at: at(101))
        _ = tenure.handle(.tree(.exited(waitStatus: status, remaining: 0, ending: .requested)), at: at(101.1))
        _ = tenure.handle(.tree(.reaped), at: at(101.1))
        #expect(tenure.ended.outcome == outcome)
    }

    /// Seed 1124: a guardian that was stopped sent its SIGTERM, told nobody, and was killed.
    @Test func aSigtermThatWasDueMayHaveComeFromTheGuardian() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.timer, at: at(128.3))
        _ = tenure.handle(.tree(.exited(waitStatus: 15, remaining: 0, ending: .requested)), at: at(128.4))
        _ = tenure.handle(.tree(.reaped), at: at(128.4))
        #expect(tenure.ended.outcome == .lost)
    }

    @Test func whatWasAskedToEndBeforeATakeOverWasEnded() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.signal(15, fromTerminal: false), at: at(100.5))
        _ = tenure.handle(.tree(.guardianGone), at: at(101))
        _ = tenure.handle(.tree(.exited(waitStatus: 0, remaining: 0, ending: .requested)), at: at(101.1))
        _ = tenure.handle(.tree(.reaped), at: at(101.1))
        #expect(tenure.ended == Ended(outcome: .signaled, code: 143, signal: 15))
    }

    /// Before it answers to a start it forks, which may take long.
    @Test func aGuardianThatDoesNotAnswerToAStartForFiveSecondsIsReplaced() {
        var tenure = tenure()
        let actions = tenure.tick(at: at(100.2))
        tenure.carriedOut(actions, at: at(100.2))
        var now = at(100.2)
        while tenure.wake < at(105.2) {
            now = max(now, tenure.wake)
            let early = tenure.handle(.timer, at: now)
            #expect(early.allSatisfy { if case .takeOver = $0 { false } else { true } })
        }
        // Called when it asked to be; late, it would first look whether it was away itself.
        let late = tenure.handle(.timer, at: at(105.2))
        #expect(late.allSatisfy { if case .takeOver = $0 { false } else { true } }, "it has a second chance")
        #expect(tenure.wake == at(105.45))
        let later = tenure.handle(.timer, at: at(105.45))
        #expect(later.contains { if case .takeOver = $0 { true } else { false } })
    }

    /// Seed 20612936: a suspend ended at the very instant at which the answer was overdue, with the answer behind it.
    @Test func anAnswerThatCameWithTheEndOfItsTimeIsInTime() {
        var tenure = tenure()
        let actions = tenure.tick(at: at(100.2))
        tenure.carriedOut(actions, at: at(100.2))
        _ = tenure.handle(.timer, at: tenure.wake)
        _ = tenure.handle(.timer, at: at(105.2))
        _ = tenure.handle(.tree(.acknowledged(sequence: 1)), at: at(105.2))
        _ = tenure.handle(.tree(.started(pid: 9)), at: at(105.2))
        let later = tenure.handle(.timer, at: at(105.5))
        #expect(later.allSatisfy { if case .takeOver = $0 { false } else { true } })
    }

    /// Answers that take longer than a period make every heartbeat due at once: that is no sign of having been away.
    @Test func aStoppedGuardianIsReplacedAlsoWhereAnswersAreSlow() {
        var tenure = tenure(term: 5)
        var now = at(100.1)
        var actions = tenure.tick(at: now)
        tenure.carriedOut(actions, at: now)
        actions += tenure.handle(.tree(.acknowledged(sequence: 1)), at: now)
        var asked: [(ticket: Int, answeredAt: BootInstant)] = []
        var takenOver: BootInstant?
        while takenOver == nil, now < at(110) {
            for case .submit(let ticket, _) in actions { asked.append((ticket, now.advanced(by: .milliseconds(600)))) }
            if let next = asked.first, next.answeredAt <= tenure.wake {
                asked.removeFirst()
                now = next.answeredAt
                actions = tenure.handle(
                    .replies(ticket: next.ticket, [.success(.committed([nil])), mine]), at: now, ticks: false)
                actions += tenure.tick(at: now)
            } else {
                now = max(now, tenure.wake)
                actions = tenure.handle(.timer, at: now)
            }
            tenure.carriedOut(actions, at: now)
            if actions.contains(where: { if case .takeOver = $0 { true } else { false } }) { takenOver = now }
        }
        #expect(takenOver.map { at(101.5) <= $0 && $0 <= at(102.5) } == true, "a second, and the second chance")
    }

    @Test func theGuardianHasItsTimeFromWhenItWasAsked() {
        var tenure = tenure()
        let actions = tenure.tick(at: at(100.2))
        // Not scheduled between the decision and the message.
        tenure.carriedOut(actions, at: at(103.1))
        var takenOver: BootInstant?
        var now = at(103.1)
        while takenOver == nil, now < at(110) {
            now = max(now, tenure.wake)
            let due = tenure.handle(.timer, at: now)
            if due.contains(where: { if case .takeOver = $0 { true } else { false } }) { takenOver = now }
        }
        #expect(takenOver == at(108.35), "five seconds, and the second chance")
    }

    @Test func aGuardianThatLetsTheDeadlinePassIsReplaced() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.timer, at: at(103))
        #expect(tenure.handle(.timer, at: at(127.8)).allSatisfy { if case .takeOver = $0 { false } else { true } })
        let late = tenure.handle(.timer, at: at(128.3))
        #expect(late.contains { if case .takeOver = $0 { true } else { false } })
    }

    /// Guardian and supervisor were stopped until after the deadline, so the front has killed.
    @Test(
        arguments: [(9, 9, Outcome.lost), (15, 9, .signaled), (0, 9, .ran), (9, 0, .signaled)]
            as [(Int32, Double, Outcome)])
    func whatDiesOfSigkillBehindALateSupervisorDiesOfTheDeadline(status: Int32, late: Double, outcome: Outcome) {
        var tenure = tenure()
        var actions = tenure.tick(at: at(100.2))
        tenure.carriedOut(actions, at: at(100.2))
        actions = tenure.handle(.tree(.acknowledged(sequence: 1)), at: at(100.2))
        actions = tenure.handle(.tree(.started(pid: 9)), at: at(100.2))
        let beat = tenure.handle(.timer, at: at(103))
        tenure.carriedOut(beat, at: at(103))
        // All at once: an answer that had come in time, and the end.
        let now = at(119 + late)
        actions = tenure.handle(
            .replies(ticket: ticket(beat) ?? 0, [.success(.committed([nil])), mine]), at: now, ticks: false)
        actions += tenure.handle(
            .tree(.exited(waitStatus: status, remaining: 0, ending: .none)), at: now, ticks: false)
        actions += tenure.handle(.tree(.reaped), at: now)
        #expect(tenure.ended.outcome == outcome)
    }

    /// Seed 81000889: its guardian died while the take was under way; it started all the same, and called that lost.
    @Test func withoutAGuardianNothingIsStarted() {
        var tenure = tenure()
        var actions = tenure.handle(.tree(.guardianGone), at: at(100.2), ticks: false)
        actions += tenure.tick(at: at(100.2))
        #expect(!starts(actions) && actions.contains { if case .takeOver = $0 { true } else { false } })
        let release = tenure.handle(.tree(.reaped), at: at(100.3))
        let end = tenure.handle(.replies(ticket: ticket(release) ?? 0, [.success(.committed([nil]))]), at: at(100.4))
        #expect(finishes(end) && tenure.ended.outcome == .osError)
    }

    @Test func whoseGuardianDiesWhileItsClaimsAreGivenBackDoesNotBeginAnew() {
        var tenure = tenure(found: 30)
        _ = tenure.handle(.watch(path: "/p/locks/a", .deleted), at: at(101))
        #expect(tenure.isToBeginAnew)
        _ = tenure.handle(.tree(.guardianGone), at: at(101))
        #expect(!tenure.isToBeginAnew && tenure.ended.outcome == .osError)
    }

    /// Seed 501060923: also of a run without an interval of its own, which writes nothing down before.
    @Test(arguments: [77, nil] as [Int64?])
    func aStartThatTheGuardianTookAlongCounts(written: Int64?) {
        var tenure = tenure(writtenStart: written) { if written != nil { $0.minInterval = .seconds(60) } }
        _ = tenure.tick(at: at(100.2))
        _ = tenure.handle(.tree(.acknowledged(sequence: 1)), at: at(100.2))
        _ = tenure.handle(.tree(.guardianGone), at: at(100.3))
        let release = tenure.handle(.tree(.reaped), at: at(100.4))
        guard case .multi(let operations)? = submitted(release).first, case .set(_, let data, _)? = operations.first
        else { return #expect(Bool(false)) }
        #expect(JobRecord(bytes: data)?.lastStart(unlessFailed: false) == written ?? 5_200)
    }

    @Test func aRefusedStartIsNotRepeatedAfterCtrlC() {
        var tenure = tenure()
        _ = tenure.tick(at: at(100.2))
        _ = tenure.handle(.signal(2, fromTerminal: true), at: at(100.3))
        let refused = tenure.handle(.tree(.refused()), at: at(100.4))
        #expect(!starts(refused) && ticket(refused) != nil)
        #expect(tenure.ended.outcome == .signaled)
    }

    @Test func aStatusThatWasReapedBeforeTheTakeOverCounts() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.timer, at: at(103))
        _ = tenure.handle(.timer, at: at(128.3))
        _ = tenure.handle(.tree(.exited(waitStatus: 7 << 8, remaining: 0, ending: .none)), at: at(128.3))
        let release = tenure.handle(.tree(.reaped), at: at(128.3))
        let end = tenure.handle(.replies(ticket: ticket(release) ?? 0, [.success(.committed([nil]))]), at: at(128.4))
        #expect(finishes(end) && tenure.ended == Ended(outcome: .ran, code: 7))
    }

    @Test(arguments: [.callerGone, .signal(15, fromTerminal: false), .session(.expired)] as [Event])
    func aStartThatIsRefusedAfterAStopIsNotRepeated(event: Event) {
        var tenure = tenure()
        _ = tenure.tick(at: at(100.2))
        _ = tenure.handle(event, at: at(100.3))
        let refused = tenure.handle(.tree(.refused()), at: at(100.4))
        #expect(finishes(refused) || ticket(refused) != nil, "the release, or the end")
        #expect(!refused.contains { if case .start = $0 { true } else { false } })
    }

    // MARK: The time that killing takes

    /// Acknowledges a deadline with a budget.
    func acknowledge(
        _ tenure: inout Tenure, _ sequence: UInt64, whole: Double, bySize: Double = 2, at now: Double
    ) -> [Tenure.Action] {
        func milliseconds(_ seconds: Double) -> Duration { .milliseconds(Int64((seconds * 1000).rounded())) }
        let budget = KillingBudget(whole: milliseconds(whole), bySize: milliseconds(bySize), processes: 7000)
        return tenure.handle(.tree(.acknowledged(sequence: sequence, budget: budget)), at: at(now))
    }

    func said(_ actions: [Tenure.Action]) -> [Remark] {
        actions.compactMap { if case .say(let remark) = $0 { remark } else { nil } }
    }

    @Test func theNewestBudgetCountsFromTheNextDeadlineOn() {
        var tenure = tenure()
        _ = started(&tenure)
        #expect(acknowledge(&tenure, 1, whole: 2.4, at: 101).isEmpty, "no reason to hurry")
        #expect(postponed(beats(&tenure, at: [103])) == at(130.3))
    }

    @Test func aMuchLargerBudgetIsTakenIntoAccountAtOnce() {
        var tenure = tenure()
        _ = started(&tenure)
        let actions = acknowledge(&tenure, 1, whole: 6, bySize: 4, at: 101)
        #expect(postponed(actions) == at(123.7) && said(actions).isEmpty)
        #expect(acknowledge(&tenure, 2, whole: 6, bySize: 4, at: 101).isEmpty, "once")
        // Smaller again.
        #expect(acknowledge(&tenure, 2, whole: 2, at: 101).isEmpty)
        #expect(postponed(beats(&tenure, at: [103])) == at(130.7))
    }

    @Test func aLateGuardianEndsNothingEarlierThanThreePeriods() {
        var tenure = tenure()
        _ = started(&tenure)
        let actions = acknowledge(&tenure, 1, whole: 500, at: 101)
        #expect(postponed(actions) == at(109) && said(actions).isEmpty && end(actions) == nil)
    }

    /// 20.7 s are left of a term of 30 s.
    @Test func aTreeThatNeedsHalfOfTheTimeIsToldOfOnce() {
        var tenure = tenure()
        _ = started(&tenure)
        let actions = acknowledge(&tenure, 1, whole: 10.4, bySize: 10.4, at: 101)
        guard case .treeLarge(let killing)? = said(actions).first else { return #expect(Bool(false)) }
        #expect((killing.processes, killing.secondsNeeded, killing.secondsLeft) == (7000, 11, 20))
        #expect(said(acknowledge(&tenure, 2, whole: 10.6, bySize: 10.6, at: 101)).isEmpty)
        #expect(end(actions) == nil && tenure.ended.outcome == .lost)
    }

    @Test func theLeastBudgetIsNoReasonToWarn() {
        var tenure = tenure(term: 3)
        _ = started(&tenure)
        #expect(said(acknowledge(&tenure, 1, whole: 2, at: 100.2)).isEmpty, "2 s of 2.07")
    }

    @Test func aTreeTooLargeForItsTermIsEndedWhileItIsOwned() {
        var tenure = tenure()
        _ = started(&tenure)
        let actions = acknowledge(&tenure, 1, whole: 25, bySize: 25, at: 101)
        #expect(end(actions) == at(104.7), "25 s before the deadline")
        #expect(postponed(actions) == at(109), "what was asked for kills first")
        guard case .treeTooLarge? = said(actions).first else { return #expect(Bool(false)) }
        #expect(acknowledge(&tenure, 2, whole: 25.2, bySize: 25.2, at: 101.1).isEmpty, "said, and asked for")
        // Heartbeats go on, and move the deadline.
        #expect(postponed(beats(&tenure, at: [103])) == at(112))
        // A tree that grows on.
        let grown = acknowledge(&tenure, 3, whole: 40, bySize: 40, at: 103.2)
        #expect(grown.contains { if case .kill = $0 { true } else { false } }, "there is no time left for SIGTERM")
        _ = tenure.handle(.tree(.exited(waitStatus: 9, remaining: 0, ending: .requested)), at: at(104))
        let release = tenure.handle(.tree(.reaped), at: at(105))
        guard case .multi(let operations)? = submitted(release).first else { return #expect(Bool(false)) }
        #expect(operations.contains(.delete("/p/locks/a")), "it is still ours")
        #expect(tenure.ended.outcome == .lost)
        #expect(tenure.ended.reason?.contains("7000 processes") == true)
    }

    @Test func aStatusOfItsOwnCountsAlsoOfATreeTooLarge() {
        var tenure = tenure { $0.retries = 3 }
        _ = started(&tenure)
        _ = acknowledge(&tenure, 1, whole: 25, bySize: 25, at: 101)
        _ = tenure.handle(.tree(.exited(waitStatus: 3 << 8, remaining: 0, ending: .none)), at: at(101))
        let release = tenure.handle(.tree(.reaped), at: at(102))
        #expect(ticket(release) != nil && tenure.ended == Ended(outcome: .ran, code: 3), "no further attempt")
    }

    @Test func aTreeTooLargeUnderAStoppedGuardianIsTakenOver() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = acknowledge(&tenure, 1, whole: 25, bySize: 25, at: 101)
        _ = tenure.handle(.tree(.acknowledged(sequence: 2)), at: at(101))
        _ = tenure.handle(.timer, at: at(103))
        let late = tenure.handle(.timer, at: at(109.5))
        #expect(late.contains { if case .takeOver = $0 { true } else { false } })
    }

    @Test func withoutADeadlineNoTreeIsTooLarge() {
        var tenure = tenure(owns: false)
        _ = started(&tenure)
        #expect(acknowledge(&tenure, 1, whole: 900, bySize: 900, at: 101).isEmpty)
    }

    @Test func aBudgetThatComesAfterTheLossChangesNothing() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.watch(path: "/p/locks/a", .deleted), at: at(101))
        #expect(acknowledge(&tenure, 1, whole: 25, bySize: 25, at: 101).isEmpty)
    }

    // MARK: Processes of a dead run

    @Test func aStartIsAskedForAgainUntilTheDeadRunsProcessesAreGone() {
        var tenure = tenure()
        var actions = tenure.tick(at: at(100.2))
        var now = 100.2
        var warnings = 0
        for pause in [0.1, 0.2, 0.4, 0.8, 1, 1] {
            #expect(starts(actions))
            let refused = tenure.handle(.tree(.refused(resisting: 4)), at: at(now))
            #expect(!starts(refused) && tenure.wake <= at(now + pause))
            warnings += said(refused).filter { $0 == .earlierRunLives(processes: 4) }.count
            now += pause
            actions = tenure.handle(.timer, at: at(now))
            // The heartbeats go on.
            if let ticket = ticket(actions) {
                _ = tenure.handle(.replies(ticket: ticket, [.success(.committed([nil])), mine]), at: at(now))
            }
        }
        #expect(starts(actions) && warnings == 1)
    }

    @Test func theyAreToldOfOnceAMinute() {
        var tenure = tenure()
        var actions: [Tenure.Action] = []
        var told: [Double] = []
        var now = 100.2
        actions += tenure.tick(at: at(now))
        while now < 230 {
            if let ticket = ticket(actions) {
                _ = tenure.handle(.replies(ticket: ticket, [.success(.committed([nil])), mine]), at: at(now))
            }
            if starts(actions), said(tenure.handle(.tree(.refused(resisting: 2)), at: at(now))) != [] {
                told.append(now)
            }
            now += 0.5
            actions = tenure.handle(.timer, at: at(now))
        }
        #expect(
            told.count == 3 && told.first.map { $0 >= 101.2 && $0 < 103 } == true, "not of what dies within a moment")
    }

    @Test(arguments: [.callerGone, .signal(15, fromTerminal: false), .session(.expired)] as [Event])
    func whatEndsARunBeforeItsStartEndsItsWaitForDeadProcesses(event: Event) {
        var tenure = tenure()
        _ = tenure.tick(at: at(100.2))
        _ = tenure.handle(.tree(.refused(resisting: 4)), at: at(100.2))
        let end = tenure.handle(event, at: at(100.25))
        #expect(finishes(end) || ticket(end) != nil, "the release, or the end")
        #expect(!starts(tenure.handle(.timer, at: at(100.4))))
    }

    @Test func withoutAHeartbeatForATermTheWaitForDeadProcessesEnds() {
        var tenure = tenure()
        _ = tenure.tick(at: at(100.2))
        _ = tenure.handle(.tree(.refused(resisting: 4)), at: at(100.2))
        let end = tenure.handle(.timer, at: at(129.7))
        #expect(!starts(end) && tenure.isToBeginAnew)
    }

    /// Else the interval would count from long before the command began.
    @Test func aStartThatWasWrittenDownLongBeforeIsWrittenDownAnew() {
        var tenure = tenure(writtenStart: 5_200) { $0.minInterval = .seconds(60) }
        let actions = tenure.tick(at: at(100.2))
        #expect(starts(actions))
        _ = tenure.handle(.tree(.refused(resisting: 4)), at: at(100.2))
        #expect(starts(tenure.handle(.timer, at: at(100.3))), "by less than a term")
        _ = tenure.handle(.tree(.refused(resisting: 4)), at: at(100.4))
        var now = 101.0
        var write: [Tenure.Action] = []
        while now < 150 {
            write = tenure.handle(.timer, at: at(now))
            if case .multi(let operations)? = submitted(write).first, case .set(_, let data, _)? = operations.first {
                #expect(JobRecord(bytes: data)?.started == 5_000 + Int64((now - 100) * 1000))
                #expect(now > 130 && !starts(write))
                return
            }
            if let ticket = ticket(write) {
                _ = tenure.handle(.replies(ticket: ticket, [.success(.committed([nil])), mine]), at: at(now))
            }
            if starts(write) { _ = tenure.handle(.tree(.refused(resisting: 4)), at: at(now)) }
            now += 0.5
        }
        #expect(Bool(false), "it was never written")
    }

    // MARK: Once more

    /// Lets a command that owns nothing fail as often as it is started; the pauses between.
    func pauses(retries: Int, delay: Duration, by: TreeReport.Ending = .none, status: Int32 = 3 << 8) -> [Duration] {
        var tenure = tenure(owns: false) { ($0.retries, $0.retryDelay) = (retries, delay) }
        var actions: [Tenure.Action] = []
        var now = at(100)
        var pauses: [Duration] = []
        actions += tenure.tick(at: now)
        while true {
            guard case .start(let sequence, _, let again)? = actions.first(where: { starts([$0]) }) else {
                return pauses
            }
            #expect(again == (pauses.count < retries))
            _ = tenure.handle(.tree(.acknowledged(sequence: sequence)), at: now)
            _ = tenure.handle(.tree(.started(pid: 9)), at: now)
            _ = tenure.handle(.tree(.exited(waitStatus: status, remaining: 0, ending: by)), at: now)
            actions = tenure.handle(.tree(.reaped), at: now)
            for case .say(.retrying(_, _, let pause)) in actions {
                pauses.append(pause)
                now = now.advanced(by: pause)
                #expect(pause == .zero || tenure.wake == now && !starts(actions))
                if pause > .zero { actions = tenure.handle(.timer, at: now) }
            }
        }
    }

    @Test(
        arguments: [
            (0, 1, []), (1, 1, [1]), (4, 1, [1, 2, 4, 8]), (3, 0, [0, 0, 0]),
            (11, 1, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]), (3, 200, [200, 300, 300]),
            // Who asks for a longer one gets it.
            (3, 3600, [3600, 3600, 3600]),
        ] as [(Int, Int64, [Int64])])
    func eachPauseIsTwiceTheOneBeforeUpToFiveMinutes(retries: Int, delay: Int64, expected: [Int64]) {
        #expect(pauses(retries: retries, delay: .seconds(delay)) == expected.map { .seconds($0) })
    }

    @Test(arguments: [0, 126, 127])
    func aStatusThatNoOtherAttemptWouldChangeEndsIt(code: Int32) {
        #expect(pauses(retries: 3, delay: .seconds(1), status: code << 8).isEmpty)
    }

    /// Doubled eighty times.
    @Test func theLongestPauseDoesNotOverflow() {
        #expect(pauses(retries: 80, delay: .seconds(86_400)) == Array(repeating: .seconds(86_400), count: 80))
    }

    @Test(arguments: [.callerGone, .signal(15, fromTerminal: false), .signal(2, fromTerminal: true)] as [Event])
    func whoWantsTheEndGetsNoOtherAttempt(event: Event) {
        var tenure = tenure(owns: false) { $0.retries = 3 }
        _ = started(&tenure)
        _ = tenure.handle(event, at: at(101))
        _ = tenure.handle(.tree(.exited(waitStatus: 3 << 8, remaining: 0, ending: .none)), at: at(102))
        #expect(finishes(tenure.handle(.tree(.reaped), at: at(102))))
        #expect(tenure.ended == Ended(outcome: .ran, code: 3))
    }

    /// Seeds 3021832, 3160176: asked in one breath with the end, or while what was taken is given back, it ended in 81.
    @Test(arguments: [.callerGone, .signal(15, fromTerminal: false), .signal(2, fromTerminal: true)] as [Event])
    func whoWantsTheEndOfARunThatHasLostWhatItHadNotBegunHasIt(event: Event) {
        for loss in [.session(.expired), .watch(path: "/p/locks/a", .deleted)] as [Event] {
            var tenure = tenure(found: 30)
            _ = tenure.handle(loss, at: at(101))
            #expect(tenure.isToBeginAnew)
            _ = tenure.handle(event, at: at(101))
            #expect(!tenure.isToBeginAnew && tenure.ended.outcome == .signaled)
        }
    }

    /// `switchmanctl stop --force`, and a delete by hand: with a new session it would take the lock again and start its command.
    @Test(arguments: [.watch(path: "/p/locks/a", .deleted), nil] as [Event?])
    func aRunWhoseLockWasDeletedBeforeItsStartEnds(event: Event?) {
        var tenure = tenure(found: 30)
        let noNode = Reply.failure(Failure(.noNode, path: "/p/locks/a", operation: 0))
        var release: [Tenure.Action] = []
        if let event {
            release = tenure.handle(event, at: at(101))
        } else {
            let beat = tenure.handle(.timer, at: at(103))
            release = tenure.handle(.replies(ticket: ticket(beat)!, [noNode, noNode]), at: at(103.1))
        }
        #expect(tenure.isToBeginAnew, "it may have been the end of its session")
        let end = tenure.handle(.replies(ticket: ticket(release)!, [.success(.committed([nil]))]), at: at(104))
        #expect(finishes(end) && !tenure.isToBeginAnew)
        #expect(tenure.ended.outcome == .released && tenure.ended.reason?.contains("/p/locks/a") == true)
    }

    /// The servers tell of the deletion of a lock also when they end its session.
    @Test func aRunWhoseLockWentWithItsSessionBeginsAnew() {
        var tenure = tenure(found: 30)
        _ = tenure.handle(.watch(path: "/p/locks/a", .deleted), at: at(101))
        #expect(finishes(tenure.handle(.session(.expired), at: at(101.1))) && tenure.isToBeginAnew)
        tenure = self.tenure(found: 30)
        let release = tenure.handle(.watch(path: "/p/locks/a", .deleted), at: at(101))
        let expired = Reply.failure(Failure(.sessionExpired, path: "/p/jobs/a"))
        _ = tenure.handle(.replies(ticket: ticket(release)!, [expired]), at: at(101.1))
        #expect(tenure.isToBeginAnew)
    }

    /// An original deletes whatever has the name of its lock.
    @Test func aRunOfAMixedFleetWhoseLockWasDeletedBeginsAnew() {
        var tenure = tenure(found: 30, mixed: true)
        let release = tenure.handle(.watch(path: "/p/locks/a", .deleted), at: at(101))
        _ = tenure.handle(.replies(ticket: ticket(release)!, [.success(.committed([nil]))]), at: at(101.1))
        #expect(tenure.isToBeginAnew)
    }

    @Test func aRefusedStartIsNoAttemptAndForgetsNothing() {
        var tenure = tenure { $0.retries = 1 }
        _ = started(&tenure)
        _ = tenure.handle(.tree(.exited(waitStatus: 3 << 8, remaining: 0, ending: .none)), at: at(101))
        #expect(starts(tenure.handle(.tree(.reaped), at: at(101))))
        _ = tenure.handle(.signal(15, fromTerminal: false), at: at(101))
        let refused = tenure.handle(.tree(.refused()), at: at(101))
        #expect(!starts(refused))
        let end = tenure.handle(.replies(ticket: ticket(refused) ?? 0, [.success(.committed([nil]))]), at: at(102))
        #expect(
            finishes(end) && tenure.ended == Ended(outcome: .ran, code: 3), "the status of the attempt that there was")
    }

    /// Seed 14815: a loss noted where nothing could be ended any more kept the run awake, for good.
    @Test func aDeadlineToldAfterTheEndOfAnAttemptEndsNoPause() {
        var tenure = tenure { ($0.retries, $0.retryDelay) = (1, .seconds(20)) }
        _ = started(&tenure)
        _ = tenure.handle(.tree(.exited(waitStatus: 3 << 8, remaining: 0, ending: .none)), at: at(101))
        _ = tenure.handle(.tree(.reaped), at: at(101))
        _ = tenure.handle(.tree(.ending(.deadline)), at: at(101))
        #expect(tenure.wake > at(101))
        // Without a heartbeat for a term it gives up.
        _ = tenure.handle(.timer, at: at(103))
        #expect(submitted(tenure.handle(.timer, at: at(130))).count == 1 && tenure.ended.code == 3)
    }

    // MARK: Time

    @Test func eachAttemptHasItsWholeTime() {
        var tenure = tenure(owns: false) { ($0.retries, $0.timeout) = (1, .seconds(10)) }
        _ = started(&tenure)
        #expect(tenure.wake == at(110.2))
        #expect(end(tenure.handle(.timer, at: at(110.2))) == .never)
        _ = tenure.handle(.tree(.exited(waitStatus: 15, remaining: 0, ending: .requested)), at: at(111))
        #expect(starts(tenure.handle(.tree(.reaped), at: at(111))))
        _ = tenure.handle(.tree(.acknowledged(sequence: 2)), at: at(111))
        _ = tenure.handle(.tree(.started(pid: 10)), at: at(111))
        #expect(tenure.wake == at(121))
        _ = tenure.handle(.tree(.exited(waitStatus: 0, remaining: 0, ending: .none)), at: at(112))
        #expect(finishes(tenure.handle(.tree(.reaped), at: at(112))))
        #expect(tenure.ended == Ended(outcome: .ran, code: 0))
    }

    @Test func aSignalAfterTheTimeWasUpEndsTheRunAsATimeout() {
        var tenure = tenure(owns: false) { ($0.retries, $0.timeout) = (1, .seconds(10)) }
        _ = started(&tenure)
        _ = tenure.handle(.timer, at: at(110.2))
        _ = tenure.handle(.signal(15, fromTerminal: false), at: at(110.3))
        _ = tenure.handle(.tree(.exited(waitStatus: 15, remaining: 0, ending: .requested)), at: at(111))
        #expect(finishes(tenure.handle(.tree(.reaped), at: at(111))))
        #expect(tenure.ended.outcome == .timeout)
    }

    @Test func whatIsLostBetweenTwoAttemptsLeavesTheStatusOfTheLast() {
        var tenure = tenure { ($0.retries, $0.timeout, $0.retryDelay) = (1, .seconds(1), .seconds(60)) }
        _ = started(&tenure)
        _ = tenure.handle(.timer, at: at(101.2))
        _ = tenure.handle(.tree(.exited(waitStatus: 15, remaining: 0, ending: .requested)), at: at(101.3))
        _ = tenure.handle(.tree(.reaped), at: at(101.3))
        let lost = tenure.handle(.watch(path: "/p/locks/a", .deleted), at: at(102))
        #expect(lost.contains { if case .say(.noFurtherAttempt) = $0 { true } else { false } })
        #expect(tenure.ended.outcome == .timeout)
    }

    // MARK: Signals

    @Test func aSignalIsPassedOnOnceAndOneFromTheTerminalNotAtAll() {
        var tenure = tenure()
        _ = started(&tenure)
        let passed = tenure.handle(.signal(15, fromTerminal: false), at: at(101))
        guard passed.count == 1, case .signal(15, escalates: true) = passed[0] else { return #expect(Bool(false)) }
        #expect(tenure.handle(.signal(2, fromTerminal: true), at: at(101)).isEmpty)
        guard case .signal(10, escalates: false)? = tenure.handle(.signal(10, fromTerminal: false), at: at(101)).first
        else { return #expect(Bool(false)) }
    }

    @Test func aSignalDuringAWaitOutLeavesTheRecordRunningWithTheRestOfTheTerm() {
        var tenure = tenure(found: 20)
        let actions = tenure.handle(.signal(15, fromTerminal: false), at: at(102))
        guard case .multi(let operations)? = submitted(actions).first, case .set(_, let data, _)? = operations.first
        else { return #expect(Bool(false)) }
        let record = JobRecord(bytes: data)
        #expect(record?.state == .running)
        #expect(record?.term == 19, "20.2 s from 100.1 on, 1.9 s of it waited, rounded up")
    }

    @Test func aSilentServerIsLeftForAnotherAfterAPeriod() {
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.timer, at: at(103))
        #expect(
            tenure.handle(.timer, at: at(105.9)).allSatisfy { if case .dropConnection = $0 { false } else { true } })
        let dropped = tenure.handle(.timer, at: at(106))
        #expect(dropped.contains { if case .dropConnection = $0 { true } else { false } })
        #expect(tenure.handle(.timer, at: at(107)).isEmpty, "once")
    }

    @Test func aReleaseDoesNotWaitForASilentServer() {
        func drops(_ actions: [Tenure.Action]) -> Bool {
            actions.contains { if case .dropConnection = $0 { true } else { false } }
        }
        var tenure = tenure()
        _ = started(&tenure)
        _ = tenure.handle(.tree(.exited(waitStatus: 0, remaining: 0, ending: .none)), at: at(101))
        let first = tenure.handle(.tree(.reaped), at: at(102))
        #expect(!drops(tenure.handle(.timer, at: at(104.9))))
        #expect(tenure.wake == at(105))
        #expect(drops(tenure.handle(.timer, at: at(105))))
        #expect(!drops(tenure.handle(.timer, at: at(106))), "once")
        _ = tenure.handle(.session(.suspended), at: at(106))
        let lost = Reply.failure(Failure(.connectionLost, path: ""))
        _ = tenure.handle(.replies(ticket: ticket(first)!, [lost]), at: at(106))
        let again = tenure.handle(.session(.connected(Session(id: 5, timeout: .seconds(30)))), at: at(107))
        #expect(!submitted(again).isEmpty)
        #expect(!drops(tenure.handle(.timer, at: at(112.9))), "the next has twice as long")
        #expect(drops(tenure.handle(.timer, at: at(113))))
    }

    // MARK: Reads

    func reads(_ actions: [Tenure.Action], _ path: String) -> Int? {
        for case .submit(let ticket, let requests) in actions {
            switch requests.first {
            case .get(path, watch: true)?, .exists(path, watch: true)?: return ticket
            default: break
            }
        }
        return nil
    }

    /// A read that is refused sets no watch: without another one nothing would ever be noticed.
    @Test(arguments: ["/p", "/p/stops/a-11"])
    func whatCouldNotBeReadIsReadAgainInAWhile(path: String) throws {
        var tenure = tenure(fleetChanged: true)
        let actions = tenure.tick(at: at(100.2))
        let first = try #require(reads(actions, path))
        let throttled = Reply.failure(Failure(.other(-127), path: path))
        #expect(reads(tenure.handle(.replies(ticket: first, [throttled]), at: at(100.3)), path) == nil)
        #expect(reads(tenure.handle(.timer, at: at(110.2)), path) == nil)
        let second = try #require(reads(tenure.handle(.timer, at: at(110.4)), path))
        _ = tenure.handle(.replies(ticket: second, [.failure(Failure(.noNode, path: path))]), at: at(110.5))
    }

    // MARK: Who asks for a stop

    func asksWho(_ actions: [Tenure.Action]) -> Int? {
        for case .submit(let ticket, let requests) in actions {
            if case .get("/p/stops/a-11", watch: false)? = requests.first { return ticket }
        }
        return nil
    }

    /// Which is answered before the command ends, or the answer waited for no longer than a second.
    @Test(arguments: [true, false])
    func whoAsksForAStopIsReadFirst(isAnswered: Bool) throws {
        var tenure = tenure()
        _ = started(&tenure)
        let asked = tenure.handle(.watch(path: "/p/stops/a-11", .created), at: at(101))
        let question = try #require(asksWho(asked))
        #expect(end(asked) == nil && tenure.wake <= at(102))
        #expect(asksWho(tenure.handle(.watch(path: "/p/stops/a-11", .created), at: at(101.1))) == nil, "once")
        let ending =
            isAnswered
            ? tenure.handle(
                .replies(
                    ticket: question, [.success(.node(data: Array("anna@ops1: it hangs".utf8), stat(version: 0)))]),
                at: at(101.2))
            : tenure.handle(.timer, at: at(102))
        #expect(end(ending) == .never)
        #expect(said(ending).contains(.stopAsked(by: "anna@ops1: it hangs")) == isAnswered)
        #expect(
            tenure.ended.reason == "stopped: an operator asked for it" + (isAnswered ? " (anna@ops1: it hangs)" : ""))
    }

    @Test func noFurtherAttemptIsMadeWhileThatIsAsked() {
        var tenure = tenure { ($0.retries, $0.retryDelay) = (5, .zero) }
        _ = started(&tenure)
        _ = tenure.handle(.watch(path: "/p/stops/a-11", .created), at: at(101))
        _ = tenure.handle(.tree(.exited(waitStatus: 3 << 8, remaining: 0, ending: .none)), at: at(101.1))
        let over = tenure.handle(.tree(.reaped), at: at(101.1))
        #expect(ticket(over) != nil && !starts(over), "the release")
        for now in [101.2, 102, 103] { #expect(!starts(tenure.handle(.timer, at: at(now)))) }
    }

    @Test func whatHasNotStartedDoesNotStartWhileThatIsAsked() {
        var tenure = tenure()
        let asked = tenure.handle(.watch(path: "/p/stops/a-11", .created), at: at(100.15))
        #expect(asksWho(asked) == nil && !starts(asked))
        #expect(!starts(tenure.handle(.timer, at: at(100.2))))
    }

    @Test func withNothingToLoseAnExpiredSessionIsReplaced() throws {
        var tenure = tenure(owns: false)
        _ = started(&tenure)
        let actions = tenure.handle(.session(.expired), at: at(130))
        #expect(actions.contains { if case .connectAnew = $0 { true } else { false } })
        #expect(reads(actions, "/p") == nil)
        let session = Session(id: 6, timeout: .seconds(30))
        #expect(reads(tenure.handle(.session(.connected(session)), at: at(131)), "/p") != nil)
    }
}
