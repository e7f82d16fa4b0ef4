import Recipes
import Testing

@Suite struct JobRecordTests {
    func record(_ text: String) -> JobRecord? { JobRecord(bytes: Array(text.utf8)) }

    @Test func itSurvivesBeingWrittenAndRead() throws {
        var written = JobRecord(session: "abc", n: 2, term: 30, host: "a\"\\\u{1}ü.example.org", pid: 7, runs: [])
        written.runs = [PastRun(host: "b", started: 5, heldMilliseconds: 6, outcome: "ran", code: 0, token: 9)]
        written.token = 9
        written.runs[0].waitedMilliseconds = 11
        written.lastSuccess = PastSuccess(written.runs[0])
        (written.started, written.isWaiting) = (12, true)
        #expect(JobRecord(bytes: written.encoded()) == written)
    }

    @Test func theOldestRunsGiveWay() throws {
        let long = PastRun(host: String(repeating: "h", count: 700), started: 1, outcome: "ran", code: 0)
        var record = JobRecord(
            session: "abc", n: 1, term: 30, host: "a", pid: 7, runs: Array(repeating: long, count: 30))
        #expect(record.encoded().count <= JobRecord.bytesMax)
        record.runs = (0..<30).map { PastRun(host: "h\($0)", started: nil, outcome: "ran") }
        let read = try #require(JobRecord(bytes: record.encoded()))
        #expect(read.runs.map(\.host) == (20..<30).map { "h\($0)" })
    }

    @Test(arguments: [
        "", "x", "[]", "{}", "null", #"{"state":"idle","session":"a","n":1,"term":3}"#,
        #"{"state":"running","session":"a","n":1}"#, #"{"state":"running","session":"a","n":1,"term":86401}"#,
        #"{"state":"running","session":"a","n":1,"term":-1}"#, #"{"state":"running","session":7,"n":1,"term":3}"#,
        #"{"state":"running","session":"a","n":1e99,"term":3}"#,
        #"{"state":"running","session":"a","n":1,"term":1e30}"#,
    ])
    func whatIsNoRecordIsNone(text: String) { #expect(record(text) == nil) }

    @Test func aMemoryThatCannotBeReadIsForgotten() throws {
        let read = try #require(
            record(#"{"state":"ended","session":"a","n":1,"term":3,"runs":{"x":1},"pid":"?","new":1}"#))
        #expect(read.runs.isEmpty && read.pid == 0 && read.host == "?")
    }

    // MARK: - The last success

    private func run(_ code: Int32, token: Int64, isSuccess: Bool? = nil) -> PastRun {
        PastRun(
            host: "b", started: 100, heldMilliseconds: 50, outcome: "ran", code: code, token: token,
            isSuccess: isSuccess)
    }

    @Test func itOutlivesAnyNumberOfFailures() throws {
        var record = JobRecord(session: "abc", n: 1, term: 30, host: "a", pid: 7, runs: [run(0, token: 1)])
        record.runs += (2...30).map { run(1, token: $0) }
        let read = try #require(JobRecord(bytes: record.encoded()))
        #expect(read.runs.map(\.hasSucceeded) == Array(repeating: false, count: 10))
        #expect(read.lastSuccess == PastSuccess(host: "b", token: 1, started: 100, ended: 150, tick: nil))
    }

    @Test func anOldRecordHasItAmongItsRuns() throws {
        let read = try #require(
            record(
                #"{"state":"ended","session":"a","n":1,"term":3,"runs":[{"host":"b","outcome":"ran","code":0,"token":4},"#
                    + #"{"host":"c","outcome":"ran","code":1}]}"#))
        #expect(read.lastSuccess?.token == 4)
    }

    @Test func theRunIsBelievedWhatItSaysOfItsCode() throws {
        let written = JobRecord(
            session: "abc", n: 1, term: 30, host: "a", pid: 7,
            runs: [run(3, token: 1, isSuccess: true), run(3, token: 2)])
        let read = try #require(JobRecord(bytes: written.encoded()))
        #expect(read.runs.map(\.hasSucceeded) == [true, false] && read == written)
        #expect(read.lastSuccess?.token == 1 && read.lastStart(unlessFailed: true) == nil)
    }

    /// It is carried on from run to run, so it may not take the room of everything else.
    @Test func aHostThatNoHostIsCalledIsForgotten() throws {
        let name = String(repeating: "h", count: 300)
        let read = try #require(
            record(
                #"{"state":"ended","session":"a","n":1,"term":3,"succeeded":{"host":"\#(name)","token":1},"runs":[]}"#))
        #expect(read.lastSuccess == nil)
        let other = try #require(record(#"{"state":"ended","session":"a","n":1,"term":3,"succeeded":7}"#))
        #expect(other.lastSuccess == nil)
    }
}
