import Coordination
import Recipes
import Testing

/// The record with runs that had no lock among those that had.
@Suite struct UnlockedRunTests {
    private func unlocked(_ code: Int32, at milliseconds: Int64, zxid: Int64) throws -> UnlockedRun {
        let stat = NodeStat(mzxid: zxid, written: milliseconds)
        return try #require(
            UnlockedRun(data: Array(#"{"host":"h","outcome":"ran","code":\#(code),"held_ms":1}"#.utf8), stat: stat))
    }

    private func record(_ runs: (Int32, Int64?)...) -> JobRecord {
        let runs = runs.map { code, end in
            PastRun(host: "h", started: end.map { $0 - 1 }, heldMilliseconds: 1, outcome: "ran", code: code)
        }
        return JobRecord(session: "9", n: 1, term: 30, host: "h", pid: 1, runs: runs, state: .ended)
    }

    @Test func eachStandsWhereItEnded() throws {
        let runs = [
            try unlocked(4, at: 400, zxid: 4), try unlocked(2, at: 200, zxid: 2), try unlocked(6, at: 600, zxid: 6),
        ]
        let shown = try #require(JobRecord.remembering(runs, beside: record((1, 100), (3, 300), (9, nil), (5, 500))))
        #expect(shown.runs.map(\.code) == [1, 2, 3, 9, 4, 5, 6])
    }

    @Test func theNewestTenRemain() throws {
        let runs = try (1...23).map { try unlocked($0, at: Int64($0), zxid: Int64($0)) }.shuffled()
        #expect(JobRecord.remembering(runs, beside: nil)?.runs.map(\.code) == Array(14...23))
    }

    @Test func theLastSuccessIsTheNewerOne() throws {
        let old = record((0, 100))
        #expect(JobRecord.remembering([try unlocked(0, at: 200, zxid: 2)], beside: old)?.lastSuccess?.ended == 200)
        #expect(JobRecord.remembering([try unlocked(0, at: 50, zxid: 2)], beside: old)?.lastSuccess?.ended == 100)
        #expect(JobRecord.remembering([try unlocked(1, at: 200, zxid: 2)], beside: old)?.lastSuccess?.ended == 100)
        #expect(JobRecord.remembering([try unlocked(0, at: 50, zxid: 2)], beside: nil)?.lastSuccess?.ended == 50)
    }

    @Test func withoutAnyTheRecordIsAsItWas() {
        let old = record((0, 100))
        #expect(JobRecord.remembering([], beside: old) == old)
        #expect(JobRecord.remembering([], beside: nil) == nil)
    }

    @Test(arguments: ["", "[]", #"{"host":"h"}"#, #"{"host":1,"outcome":"ran"}"#, "\u{ff}"]) func whatIsNoRunIsNone(
        text: String
    ) {
        #expect(UnlockedRun(data: Array(text.utf8), stat: NodeStat(written: 1)) == nil)
    }

    @Test func timesOutOfAllBoundsAreNone() throws {
        let data = Array(#"{"host":"h","outcome":"ran","held_ms":9223372036854775807}"#.utf8)
        let run = try #require(UnlockedRun(data: data, stat: NodeStat(written: .min)))
        #expect(run.run.started == nil)
    }
}
