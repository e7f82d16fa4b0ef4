import Coordination
import Testing
import Text

@testable import Recipes

/// `--once-per`: decided on the record that was read, whose version the take names.
@Suite struct AcquisitionTickTests {
    private static let earlier = Tick("1970-01-01T01:00:00+00:00")
    private static let own = Tick("1970-01-01T02:00:00+00:00")
    /// Of the servers, when the record was written and when the lock is made: ten past two.
    private static let written: Int64 = (2 * 3600 + 600) * 1000

    /// - Parameter skew: by how much this host's clock is ahead, in seconds.
    private func job(retriesFailed: Bool = false, waits: Bool = false, skew: Int64 = 0) throws -> Job {
        let tick = try #require(Self.own)
        return Job.sample {
            $0.oncePer = OncePer(
                period: .hour, tick: tick, wallMilliseconds: Self.written + skew * 1000,
                readAt: BootInstant(nanoseconds: 0))
            $0.retriesFailed = retriesFailed
            if waits { $0.lockWait = .forever }
        }
    }

    private func record(
        _ state: JobRecord.State = .ended, current: Tick? = nil, started: Tick? = nil, done: Tick? = nil,
        isWaiting: Bool = false
    ) -> JobRecord {
        var record = JobRecord.sample(state)
        (record.ticks.period, record.ticks.current) = (.hour, current)
        (record.ticks.started, record.ticks.done) = (started, done)
        record.isWaiting = isWaiting
        return record
    }

    private func answer(_ record: JobRecord) -> Answer { .record(record, version: 7, written: Self.written) }
    private func takesOver(line: SourceLocation = #_sourceLocation) -> Step { .takesOver(made: Self.written, at: line) }

    private func perform(
        _ job: Job, earlierSessions: Set<Int64> = [], script: [Step], line: SourceLocation = #_sourceLocation
    ) async throws -> (Acquisition.Verdict, JobRecord?) {
        let ensemble = ScriptedEnsemble(script, line: line)
        let verdict = try await Acquisition(ensemble, job, earlierSessions: earlierSessions).perform()
        return (verdict, ensemble.written("/p/jobs/a").flatMap(JobRecord.init(bytes:)))
    }

    @Test func aTickThatNobodyHasStartedIsTakenAndWrittenDown() async throws {
        let (verdict, written) = try await perform(
            job(), script: [.looks(record: answer(record(started: Self.earlier, done: Self.earlier))), takesOver()])
        #expect(verdict.claims != nil)
        #expect(written?.ticks == record(current: Self.own, started: Self.earlier, done: Self.earlier).ticks)
        #expect(written?.isWaiting == false, "the take is the start: no write more")
    }

    @Test func aTickThatWasStartedIsSkippedAndNothingIsTaken() async throws {
        let (verdict, _) = try await perform(job(), script: [.looks(record: answer(record(started: Self.own)))])
        #expect(verdict.skip == .alreadyRun)
    }

    @Test(arguments: [true, false])
    func aTickThatIsBeingRunIsSkipped(waits: Bool) async throws {
        let (verdict, _) = try await perform(
            job(waits: waits),
            script: [
                .looks(lock: .owned(by: 9), record: answer(record(.running, current: Self.own)), watches: waits)
            ])
        #expect(verdict.skip == .alreadyRun)
    }

    /// The one before runs for too long, and nobody runs this tick: worth another word.
    @Test func anOlderTickThatIsBeingRunIsALockThatIsHeld() async throws {
        let (verdict, _) = try await perform(
            job(), script: [.looks(lock: .owned(by: 9), record: answer(record(.running, current: Self.earlier)))])
        #expect(verdict.skip == .locked)
    }

    @Test func aRunThatWaitsALostOneOutHasNotStartedItsTick() async throws {
        let (verdict, _) = try await perform(
            job(),
            script: [
                .looks(lock: .owned(by: 9), record: answer(record(.running, current: Self.own, isWaiting: true)))
            ])
        #expect(verdict.skip == .locked)
    }

    /// It may have started, so its tick is used up.
    @Test func aLostRunsTickCounts() async throws {
        let (verdict, _) = try await perform(
            job(), script: [.looks(record: answer(record(.running, current: Self.own)))])
        #expect(verdict.skip == .alreadyRun)
    }

    @Test func whoReplacesALostRunWritesDownThatItsTickWasStarted() async throws {
        let (verdict, written) = try await perform(
            job(), script: [.looks(record: answer(record(.running, current: Self.earlier))), takesOver()])
        #expect(verdict.claims?.found != nil)
        #expect(written?.ticks == record(current: Self.own, started: Self.earlier).ticks)
        #expect(written?.isWaiting == true && written?.runs.last?.tick == Self.earlier?.text)
    }

    @Test func aTickOfThisRunsOwnEarlierSessionDoesNotCount() async throws {
        let (verdict, written) = try await perform(
            job(), earlierSessions: [9],
            script: [.looks(record: answer(record(.running, current: Self.own))), takesOver()])
        #expect(verdict.claims != nil && written?.ticks.started == nil)
    }

    @Test func withRetryFailedOnlyASuccessCounts() async throws {
        let (again, _) = try await perform(
            job(retriesFailed: true), script: [.looks(record: answer(record(started: Self.own))), takesOver()])
        #expect(again.claims != nil)
        let (lost, _) = try await perform(
            job(retriesFailed: true),
            script: [.looks(record: answer(record(.running, current: Self.own))), takesOver()])
        #expect(lost.claims?.found != nil)
        let (done, _) = try await perform(
            job(retriesFailed: true), script: [.looks(record: answer(record(started: Self.own, done: Self.own)))])
        #expect(done.skip == .alreadyRun)
    }

    @Test func withRetryFailedTheHoldersTickCountsForWhoDoesNotWait() async throws {
        let held = Step.looks(lock: .owned(by: 9), record: answer(record(.running, current: Self.own)))
        let (verdict, _) = try await perform(job(retriesFailed: true), script: [held])
        #expect(verdict.skip == .alreadyRun)
        let other = Step.looks(lock: .owned(by: 8), record: answer(record(.running, current: Self.own)))
        let (locked, _) = try await perform(job(retriesFailed: true), script: [other])
        #expect(locked.skip == .locked, "the record is not the holder's")
    }

    /// The hot standby.
    @Test func whoWaitsWithRetryFailedLeavesOnceTheHolderHasSucceeded() async throws {
        let running = answer(record(.running, current: Self.own))
        let (verdict, _) = try await perform(
            job(retriesFailed: true, waits: true),
            script: [
                .looks(lock: .owned(by: 9), record: running, watches: true),
                .asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [5])),
                .asks("list /p/waiters/a", .names(["a-0000000005"])), .looksAgain(lock: .owned(by: 9), record: running),
                .changes("/p/locks/a"), .looksAgain(record: answer(record(started: Self.own, done: Self.own))),
            ])
        #expect(verdict.skip == .alreadyRun)
    }

    @Test func aTakeThatComesTooLateReadsAgain() async throws {
        let (verdict, _) = try await perform(
            job(),
            script: [
                .looks(record: answer(record())), .takesOver(.fails(.badVersion, at: "/p/jobs/a")),
                .looks(record: answer(record(started: Self.own))),
            ])
        #expect(verdict.skip == .alreadyRun)
    }

    /// By hand, once more.
    @Test func aRunWithoutTheOptionCarriesTheTicksOn() async throws {
        let (_, written) = try await perform(
            .sample(), script: [.looks(record: answer(record(.running, current: Self.own))), takesOver()])
        #expect(written?.ticks == record(started: Self.own).ticks)
    }

    @Test(arguments: [2400, -2400] as [Int64])
    func aClockThatIsOffByMoreThanHalfAPeriodGivesEverythingBack(skew: Int64) async throws {
        let job = try job(skew: skew)
        let ensemble = ScriptedEnsemble([
            .looks(record: answer(record(started: Self.earlier))), takesOver(),
            .asks("commit set /p/jobs/a if 8, delete /p/locks/a", .committed),
        ])
        await #expect {
            _ = try await Acquisition(ensemble, job).perform()
        } throws: { error in
            if case .badData(let message)? = error as? Interruption {
                message.contains("this host's clock is")
            } else {
                false
            }
        }
        let written = try #require(ensemble.written("/p/jobs/a").flatMap(JobRecord.init(bytes:)))
        #expect(written.state == .ended && written.ticks == record(started: Self.earlier).ticks)
    }

    @Test(arguments: [1200, -1200] as [Int64])
    func aClockThatIsOffByLessIsFine(skew: Int64) async throws {
        let (verdict, _) = try await perform(job(skew: skew), script: [.looks(record: answer(record())), takesOver()])
        #expect(verdict.claims != nil)
    }
}
