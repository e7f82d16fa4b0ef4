import Steering
package import Text

/// What a check has found, as a monitoring system wants to hear it.
package struct Verdict: Sendable, Equatable {
    /// The check's name.
    package let check: String
    package let severity: Severity
    /// What was looked at and how it is, in a few words.
    package let summary: String
    /// Worst first; those that are equally bad in the order in which they were found.
    package let findings: [Finding]
    /// What was measured or read, for `--json`.
    package let facts: [ExactName: JSONValue]

    package init(check: String, summary: String, findings: [Finding], facts: [ExactName: JSONValue] = [:]) {
        self.check = check
        self.summary = summary
        self.facts = facts
        severity = Severity.worst(of: findings.map(\.severity))
        let order: [Severity] = [.critical, .warning, .unknown, .ok]
        self.findings = order.flatMap { severity in findings.filter { $0.severity == severity } }
    }

    /// A check of one question: the finding is the answer.
    package init(check: String, answer: Finding, facts: [ExactName: JSONValue] = [:]) {
        self.init(check: check, summary: "", findings: [answer], facts: facts)
    }

    /// The first line is the one that gets onto a pager, so the worst finding stands in it.
    package var text: String {
        let head = [summary, severity == .ok && !summary.isEmpty ? "" : findings.first?.text ?? ""]
            .filter { !$0.isEmpty }.joined(separator: "; ")
        let rest = (severity == .ok && !summary.isEmpty ? findings[...] : findings.dropFirst()).map { finding in
            let word = finding.severity == .ok ? "note" : finding.severity.rawValue
            return finding.place.isEmpty
                ? "\(word): \(finding.message)" : "\(finding.place): \(word): \(finding.message)"
        }
        let lines = ["\(severity.rawValue.uppercased()): \(check): \(head)"] + rest
        // Whatever a file, a server or a node brought along: a line stays one line, and says nothing to the terminal.
        return lines.map { Visible.text($0) + "\n" }.joined()
    }

    package var json: JSONValue {
        .object([
            "check": .string(check), "status": .string(severity.rawValue),
            "exit_code": .integer(Int64(severity.exitCode)),
            "summary": .string(summary), "findings": .array(findings.map(\.value)),
            "facts": facts.isEmpty ? .null : .object(facts),
        ])
    }
}
