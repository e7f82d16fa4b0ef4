import Testing

@testable import Invocation

/// Of every option alike, so that a new one needs no test of its own for what all have in common. The words of a whole command
/// line are tested black-box (test_command_line.py).
@Suite struct OptionTests {
    @Test func allAreThere() {
        #expect(Option.all.count >= 25)
        #expect(
            Option.all.filter { if case .answer = $0.value { true } else { false } }.map(\.name) == [
                "--help", "--version",
            ])
    }

    @Test func noSpellingMeansTwoOptions() {
        let shorts = Option.all.compactMap(\.short)
        let spellings = Option.all.flatMap(\.spellings) + shorts.map { "-\($0)" }
        let twice = Dictionary(grouping: spellings) { $0 }.filter { $0.value.count > 1 }.keys
        #expect(twice.isEmpty, "two options have the name \(twice)")
        // getopt's own: a missing value, an unknown option, an argument behind a letter.
        #expect(shorts.allSatisfy { $0.isASCII && $0.properties.isAlphabetic })
    }

    /// Docs/Migrating.md. Getopt::Long took what begins the names of one option only, and those of two here have to be settled.
    @Test func whatAbbreviatedAnOptionOfTheOriginalStillDoes() throws {
        let options = [
            ["config", "c"], ["group", "g"], ["help", "h"], ["lease"], ["lock"], ["lockname"], ["no-lock", "nolock"],
            ["version", "v"],
        ]
        for name in options.joined() {
            for beginning in (1...name.count).map({ String(name.prefix($0)) }) {
                let exact = options.filter { $0.contains(beginning) }
                let meant = exact.isEmpty ? options.filter { $0.contains { $0.hasPrefix(beginning) } } : exact
                if meant.count > 1 || ["n", "no-", "ve", "ver"].contains(beginning) { continue }
                let words = ["switchman", "--\(beginning)", "x", "y"].map { Array($0.utf8) }
                let scan = try #require(try? OptionScanner.scan(words), "--\(beginning) is refused")
                #expect(scan.options.first?.option.name == "--\(meant[0][0])", "--\(beginning)")
            }
        }
    }

    /// The completions find options in the help by this form.
    @Test(arguments: Option.all)
    func aNameIsTwoDashesAndSmallLetters(option: Option) {
        for spelling in option.spellings {
            #expect(spelling.wholeMatch(of: /--[a-z]+(-[a-z]+)*/) != nil, "\(spelling)")
        }
    }

    /// getopt keeps its place in variables of the process.
    @Test func severalThreadsMayReadCommandLines() async {
        let slips = await withTaskGroup(of: Int.self) { readers in
            for reader in 0..<8 {
                readers.addTask {
                    (0..<200).count { turn in
                        let words = ["switchman", "--lockname", "job\(reader)", "-E", "\(turn)", "--", "a"]
                        let parsed = try? Arguments.parse(words.map { Array($0.utf8) })
                        guard case .run(let arguments)? = parsed else { return true }
                        return arguments.lockname != Array("job\(reader)".utf8)
                    }
                }
            }
            return await readers.reduce(0, +)
        }
        #expect(slips == 0)
    }

    // MARK: - Help

    @Test(arguments: Option.all)
    func theHelpHasOneEntryForEach(option: Option) throws {
        let head =
            (option.short.map { "  -\($0), " } ?? "      ") + option.name + (option.value.name.map { " \($0)" } ?? "")
        let lines = HelpText.help.split(separator: "\n", omittingEmptySubsequences: false)
        let entries = lines.indices.filter { lines[$0] == head || lines[$0].hasPrefix(head + "  ") }
        #expect(entries.count == 1)
        #expect(HelpText.help.contains(option.helpEntry))
        #expect(!option.help.isEmpty)
        #expect(option.helpEntry.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(option.helpEntry)")
    }

    @Test func anEntryIsLaidOutInTwoColumns() {
        let narrow = Option(name: "--a", short: "a", value: .time { _, _ in }, help: "one\ntwo")
        #expect(narrow.helpEntry == "  -a, --a TIME             one\n                           two\n")
        // 25 columns, and 26: two blanks at the least tell the completions where the value's name ends.
        let brimful = Option(name: "--abcdefghijklmn", value: .text("ABC") { _, _ in }, help: "one")
        #expect(brimful.helpEntry == "      --abcdefghijklmn ABC\n                           one\n")
        let full = Option(name: "--abcdefghijklm", value: .text("ABC") { _, _ in }, help: "one")
        #expect(full.helpEntry == "      --abcdefghijklm ABC  one\n")
    }

    // MARK: - Values

    private func complaint(_ option: Option, _ value: String) -> String? {
        var arguments = Arguments()
        do throws(UsageError) {
            try option.value.read(Array(value.utf8), of: option.name, into: &arguments)
            return nil
        } catch {
            return error.message
        }
    }

    @Test(arguments: Option.all)
    func aBadValueIsRefusedAndAGoodOneIsNot(option: Option) {
        let (good, bad): ([String], [String]) =
            switch option.value {
            case .none, .answer: ([""], [])
            case .bytes: (["", "a"], [])
            case .text: (["a", " "], [""])
            case .time: (["0", "5m", "forever"], ["", "-1", "1.5", "1m30s", "ever", "99999999999999999999"])
            case .seconds(let range, _):
                (
                    ["\(range.lowerBound)", "\(range.upperBound)s"],
                    ["", "x", "forever", "-1", "\(range.lowerBound - 1)", "\(range.upperBound + 1)"]
                )
            case .number(let range, _):
                (["\(range.lowerBound)", "\(range.upperBound)"], ["", "x", "1.0", "-1", "\(range.upperBound + 1)"])
            case .size(let range, _):
                (
                    ["\(range.lowerBound)", "\(range.upperBound)", "1k"],
                    [
                        "", "x", "k", "1.5k", "-1", "\(range.lowerBound - 1)", "\(range.upperBound + 1)",
                        "99999999999999999999k",
                    ]
                )
            case .choice(let words, _): (words, ["", "nonsense", words[0].uppercased(), words[0] + " "])
            case .codes:
                (
                    ["0", "255", "1,3-5", "3-3", "007"],
                    ["", ",", "1,", ",1", "1,,2", "-1", "1-", "5-3", "256", "1-256", "1-2-3", "1, 2", "x", "+1", "1.5"]
                )
            case .jobs: (["a", "a,b", "a,a"], ["", ",", "--", "a,", "a/b", "0", "a,b,c,d,e,f,g,h,i"])
            case .period:
                (
                    ["hour", "day", "week", "month", "15m", "6h", "1h", "60m", "24h", "1d", "7d"],
                    ["", "7m", "90m", "48h", "5d", "60", "Day", "daily", "hour "]
                )
            case .outcomeAndCode:
                (["lost=0", "locked=255"], ["", "lost", "lost=", "lost=256", "nonsense=1", "ran=1", "usage=1"])
            }
        for value in good { #expect(complaint(option, value) == nil, "\(value)") }
        for value in bad { #expect(complaint(option, value)?.contains("\(option.name): ") == true, "\(value)") }
    }

    @Test(arguments: Option.all)
    func whatIsNotTextIsRefusedButForNames(option: Option) {
        var arguments = Arguments()
        switch option.value {
        case .none, .answer, .bytes: break
        default:
            #expect(throws: UsageError.self) {
                try option.value.read([0xff], of: option.name, into: &arguments)
            }
        }
    }

    /// Each option sets what no other sets: two rows with one and the same place are a slip of the pen.
    @Test func eachOptionSetsAPlaceOfItsOwn() throws {
        var results: [String: String] = [:]
        for option in Option.all where option.value.sample != nil {
            var arguments = Arguments()
            // So that both `--lock` and `--no-lock` change something.
            arguments.takesLock = option.name == "--no-lock"
            try option.give(to: &arguments)
            let result = String(describing: arguments)
            #expect(results[result] == nil, "\(option.name) does what \(results[result] ?? "") does")
            results[result] = option.name
        }
        #expect(results.count == Option.all.count - 2)
    }
}

extension OptionValue {
    /// Something that is accepted, and not the default; empty if nothing is taken. Nil for `--help` and its like.
    var sample: String? {
        switch self {
        case .none: ""
        case .answer: nil
        case .bytes, .text: "some"
        case .time, .number: "7"
        case .seconds(let range, _): "\(range.lowerBound + 7)"
        case .size: "7k"
        case .choice(let words, _): words.last
        case .codes: "1,3-5"
        case .jobs: "extract,clean"
        case .period: "week"
        case .outcomeAndCode: "lost=7"
        }
    }
}

extension Option {
    func give(to arguments: inout Arguments) throws(UsageError) {
        try value.read(Array((value.sample ?? "").utf8), of: name, into: &arguments)
    }
}
