import Testing

@testable import POSIX
@testable import Run

/// The exit codes that the manual pages and the README tell are those of `Outcome`.
@Suite struct DocumentedCodesTests {
    private func lines(_ path: String, from heading: String, to end: String) throws -> [String] {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = try FileBytes.read("/\(folder)/\(path)", longestBytes: 1_000_000)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == heading }, "\(path): no \(heading)")
        return lines[(start + 1)...].prefix { !$0.hasPrefix(end) }.map(String.init)
    }

    /// What stands in the column of codes beside the outcome.
    private func expected(_ outcome: Outcome, orByOption: String) -> String {
        switch outcome {
        case .ran: "the command's"
        case .signaled: "128+N"
        case _ where outcome.isSkip: "0 or \(orByOption)"
        default: "\(outcome.defaultCode)"
        }
    }

    @Test func theManualHasEachOutcomeWithItsCode() throws {
        let rows = try lines("Docs/switchman.1", from: ".Sh EXIT STATUS", to: ".El").filter { $0.contains(" Ta Cm ") }
        let told = rows.map { $0.replacing(".It ", with: "").split(separator: " Ta ").prefix(2).map(String.init) }
        let right = Outcome.allCases.map { [expected($0, orByOption: "Fl E"), "Cm \($0.rawValue)"] }
        #expect(told.sorted { $0[1] < $1[1] } == right.sorted { $0[1] < $1[1] })
    }

    @Test func theReadmeHasEachOutcomeWithItsCode() throws {
        let rows = try lines("README.md", from: "## Exit codes", to: "## ").filter { $0.hasPrefix("| ") }.dropFirst(2)
        var told: [[String]] = []
        for row in rows {
            let cells = row.dropFirst(2).split(separator: " | ", omittingEmptySubsequences: false)
            let (codes, words) = (cells[0].split(separator: ", "), cells[1].split(separator: ", "))
            for (index, word) in words.enumerated() {
                told.append(["\(codes[codes.count > 1 ? index : 0])", "\(word)"])
            }
        }
        let right = Outcome.allCases.map { [expected($0, orByOption: "`-E`"), "`\($0.rawValue)`"] }
        #expect(told.sorted { $0[1] < $1[1] } == right.sorted { $0[1] < $1[1] })
    }

    /// A yes and a no, what a `Complaint` may be, and a signal.
    @Test func theOperatorsManualHasItsCodes() throws {
        let rows = try lines("Docs/switchmanctl.1", from: ".Sh EXIT STATUS", to: ".El").filter { $0.hasPrefix(".It ") }
        let failures: [Outcome] = [.usage, .badData, .unavailable, .osError, .denied, .badConfig]
        #expect(
            rows.map { $0.replacing(".It ", with: "") } == ["0", "1"] + failures.map { "\($0.defaultCode)" } + ["128+N"]
        )
    }
}
