import Testing

@testable import Recipes

@Suite struct GenerationsTests {
    private let one = Generation(job: "extract", token: 1)
    private let two = Generation(job: "extract", token: 2)
    private let other = Generation(job: "clean", token: 9)

    private func record(_ change: (inout Generations) -> Void) -> JobRecord {
        var record = JobRecord(session: "1", n: 1, term: 30, host: "h", pid: 1, runs: [])
        change(&record.generations)
        return record
    }

    @Test func whatIsRememberedIsReadBack() {
        let written = record { ($0.current, $0.started, $0.done) = ([two], [one, other], [one]) }
        let read = JobRecord(bytes: written.encoded())?.generations
        #expect(read?.current == [two] && read?.done == [one])
        #expect(read?.started.contains(one) == true && read?.started.contains(other) == true)
    }

    /// A run without the option writes the same bytes as before there was one.
    @Test func aRecordWithoutThemHasNoMember() {
        let text = String(decoding: record { _ in }.encoded(), as: UTF8.self)
        #expect(!text.contains("after") && !text.contains("consumed"))
    }

    @Test func whatHasStartedUsesUpAndWhatSucceededIsDone() {
        var generations = Generations()
        generations.current = [one]
        generations.conclude(hasStarted: false, isDone: false)
        #expect(generations == Generations(), "what started nothing consumes nothing")
        generations.current = [one]
        generations.conclude(hasStarted: true, isDone: true)
        generations.current = [two]
        generations.conclude(hasStarted: true, isDone: false)
        #expect((generations.started, generations.done) == ([two], [one]))
        generations.current = [other]
        generations.conclude(hasStarted: true, isDone: false)
        #expect(generations.started == [other] && generations.done.isEmpty, "of the jobs named last only")
        generations.conclude(hasStarted: true, isDone: true)
        #expect(generations.started == [other], "a run without the option uses nothing up")
    }

    @Test func theLongestListsStillFitIntoTheRecord() {
        let names = (0..<8).map { String(repeating: "\"", count: 63) + "\($0)" }
        let all = names.map { Generation(job: $0, token: .max) }
        let written = record { ($0.current, $0.started, $0.done) = (all, all, all) }
        #expect(written.encoded().count <= JobRecord.bytesMax)
        #expect(JobRecord(bytes: written.encoded())?.generations.done.count == 8)
    }

    @Test func aRecordIsNeededWhileTheSameSuccessIsTheNewest() {
        let generations = record { $0.started = [one] }.generations
        #expect(generations.isNeeded(beside: [one, other]))
        #expect(!generations.isNeeded(beside: [two, other]))
    }
}
