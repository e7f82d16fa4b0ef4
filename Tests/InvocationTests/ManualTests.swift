import Glibc
import POSIX
import Testing

@testable import Invocation

/// Docs/switchman.1 against the descriptions of the options, both ways: nothing is missing, and nothing is there that does
/// not exist.
@Suite struct ManualTests {
    /// An option as a line of the page has it: all its spellings, and what it takes, as in the help but in small letters.
    private struct Mention: Equatable, CustomStringConvertible {
        var spellings: [String]
        var value: String

        var description: String { spellings.joined(separator: ", ") + (value.isEmpty ? "" : " " + value) }
    }

    private let lines: [[String]]

    init() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = try FileBytes.read("/\(folder)/Docs/switchman.1", longestBytes: 1_000_000)
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
    }

    private func section(_ name: String) throws -> ArraySlice<[String]> {
        let start = try #require(lines.firstIndex(of: [".Sh", name]))
        return lines[(start + 1)...].prefix { $0.first != ".Sh" }
    }

    /// `Fl c , Fl Fl config Ar file` is `-c`, which takes nothing there, and `--config`, which takes a file.
    private func mentions(_ words: some Collection<String>) -> [Mention] {
        var found: [(spelling: String, behind: [String])] = []
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            if word != "Fl" {
                if !found.isEmpty { found[found.count - 1].behind.append(word) }
            } else if let name = rest.popFirst() {
                guard let spelling = name == "Fl" ? rest.popFirst().map({ "--" + $0 }) : "-" + name else { break }
                found.append((spelling, []))
            }
        }
        return found.map { Mention(spellings: [$0.spelling], value: value($0.behind)) }
    }

    /// `Ar count Ns Op : Ns Ar total` is `count[:total]`. What stands at the end belongs to the next option.
    private func value(_ words: [String]) -> String {
        let end = words.lastIndex { ![",", "|", "Op"].contains($0) }.map { $0 + 1 } ?? 0
        let parts = words[..<end].filter { !["Ar", "Cm", "Ns"].contains($0) }
        let halves = parts.split(separator: "Op").map { $0.joined() }
        return halves.count == 2 ? "\(halves[0])[\(halves[1])]" : halves.joined()
    }

    private func expected(_ option: Option) -> Mention {
        Mention(
            spellings: (option.short.map { ["-\($0)"] } ?? []) + [option.name] + option.aliases,
            value: option.value.name?.lowercased() ?? "")
    }

    @Test func eachOptionHasItsEntryAndNothingElseHas() throws {
        let entries = try section("OPTIONS").filter { $0.starts(with: [".It", "Fl"]) }.map { words in
            let mentions = mentions(words.dropFirst())
            return Mention(spellings: mentions.flatMap(\.spellings), value: mentions.last?.value ?? "")
        }
        for option in Option.all {
            let expected = expected(option)
            #expect(
                entries.filter { $0 == expected }.count == 1,
                "Docs/switchman.1, OPTIONS: no entry \"\(expected)\", which is how Option.all describes it")
        }
        for entry in entries {
            #expect(
                Option.all.contains { expected($0) == entry },
                "Docs/switchman.1, OPTIONS: the entry \"\(entry)\" agrees with none of Option.all")
        }
    }

    @Test func theGroupsAreThoseOfTheHelpInItsOrder() throws {
        let parts = try section("OPTIONS").split(whereSeparator: { $0.first == ".Ss" }).dropFirst()
        let titles = try section("OPTIONS").filter { $0.first == ".Ss" }.map { $0.dropFirst().joined(separator: " ") }
        #expect(titles == Option.groups.map(\.title), "Docs/switchman.1, OPTIONS: the headings (.Ss)")
        for (group, part) in zip(Option.groups, parts) {
            let entries = part.filter { $0.starts(with: [".It", "Fl"]) }.map { words in
                mentions(words.dropFirst()).flatMap(\.spellings)
            }
            #expect(
                entries == group.options.map { expected($0).spellings },
                "Docs/switchman.1, OPTIONS, \(group.title): the entries, in the order of Option.groups")
        }
    }

    @Test func theSynopsisHasThemAll() throws {
        let shown = try section("SYNOPSIS").flatMap {
            mentions($0.map { $0.hasPrefix(".") && $0 != "..." ? String($0.dropFirst()) : $0 })
        }
        for option in Option.all {
            let expected = expected(option)
            let here = shown.filter { expected.spellings.contains($0.spellings[0]) }
            // The default needs no word.
            if option.name == "--lock" { continue }
            #expect(
                here.map(\.value) == [expected.value],
                "Docs/switchman.1, SYNOPSIS: \(option.name) should be there once, with the value \"\(expected.value)\"")
        }
        for mention in shown {
            #expect(
                Option.all.contains { expected($0).spellings.contains(mention.spellings[0]) },
                "Docs/switchman.1, SYNOPSIS: Option.all has no \(mention.spellings[0])")
        }
    }

    /// No sentence of the page speaks of an option that does not exist.
    @Test func thePageNamesNoOtherOptions() {
        let known = Set(Option.all.flatMap { expected($0).spellings })
        for words in lines {
            for (index, word) in words.enumerated()
            where index >= 2 && words[index - 1] == "Fl" && words[index - 2].hasSuffix("Fl") && word != "," {
                #expect(known.contains("--\(word)"), "Docs/switchman.1: --\(word)")
            }
        }
    }

    /// "for --wait, --lease-wait, --timeout, ... the word forever": the options that take any time.
    @Test func foreverIsForThoseThatTakeIt() throws {
        let options = try section("OPTIONS")
        let end = try #require(options.firstIndex(of: [".Cm", "forever", "."]))
        let start = try #require(options[..<end].lastIndex(of: ["or,", "for"]))
        let named = options[start..<end].flatMap { mentions($0.map { $0 == ".Fl" ? "Fl" : $0 }) }.flatMap(\.spellings)
        let taking = Option.all.filter { if case .time = $0.value { true } else { false } }.map(\.name)
        #expect(
            Set(named) == Set(taking),
            "Docs/switchman.1, OPTIONS: the sentence about forever should name \(taking), no others")
    }

    // MARK: - Combinations

    private func isRefused(_ options: [Option]) throws -> Bool {
        var arguments = Arguments()
        for option in options { try option.give(to: &arguments) }
        do throws(UsageError) {
            try arguments.refuseCombinations()
            return false
        } catch {
            return true
        }
    }

    /// The first table of COMBINATIONS has every option that is refused alone, and every pair of others that is refused.
    @Test func theTableOfRefusedCombinationsIsComplete() throws {
        let rows = try section("COMBINATIONS").drop { $0.first != ".Bl" }.prefix { $0.first != ".El" }
        let listed = rows.filter { $0.first == ".It" }.map { words in
            Set(mentions(words.prefix { $0 != "Ta" }).flatMap(\.spellings))
        }
        let (lonely, others) = try Option.all.reduce(into: ([Option](), [Option]())) { parts, option in
            if try isRefused([option]) { parts.0.append(option) } else { parts.1.append(option) }
        }
        var refused = lonely.map { Set([$0.name]) }
        for (index, first) in others.enumerated() {
            for second in others[(index + 1)...] where try isRefused([first, second]) || isRefused([second, first]) {
                refused.append([first.name, second.name])
            }
        }
        let missing = refused.filter { !listed.contains($0) }
        let needless = listed.filter { !refused.contains($0) }
        #expect(
            missing.isEmpty && needless.isEmpty,
            "Docs/switchman.1, COMBINATIONS: missing \(missing), needless \(needless)")
    }
}
