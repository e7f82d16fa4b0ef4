import Text

/// A value of an option that was written in two words, of which the second would be taken for a job, a host or a resource:
/// `--until 2026-12-01 05:00`, `--for 2 hours`.
enum SplitValue {
    private static let timeOptions = ["--until"]
    private static let durationOptions = [
        "--for", "--within", "--running", "--warning", "--older-than", "--grace", "--timeout", "--wait",
    ]
    /// What stands behind these verbs are words of switchman's and of commands.
    private static let passingVerbs = ["explain", "sandbox"]

    private static let units = [
        "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "m": "m", "min": "m", "mins": "m",
        "minute": "m",
        "minutes": "m", "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "d": "d", "day": "d", "days": "d",
    ]
    /// What people write behind a time.
    private static let companions = ["am", "pm", "a.m.", "p.m.", "utc", "gmt", "z", "today", "tomorrow"]

    /// What to tell of the first such value; nil if there is none.
    ///
    /// - Parameter arguments: of this process, without the program's name.
    static func objection(to arguments: some Collection<String>) -> String? {
        let words = ArgumentOrder.verbFirst(arguments, root: Switchmanctl.self)
        if let verb = words.first, passingVerbs.contains(verb) { return nil }
        for index in words.indices {
            let (option, value, rest) = optionAndValue(words[index...])
            guard let option, let value, let next = rest.first else { continue }
            if timeOptions.contains(option), let remedy = remedy(time: value, next) {
                return "\"\(Excerpt.of(next))\" stands where a name belongs; write \(option) \(remedy)"
            }
            if durationOptions.contains(option), DigitText.parse(value) != nil, let unit = units[next.lowercased()] {
                return
                    "\(option) \(value) \(next): a duration is one word; write \(value)\(unit), or \(value)s if "
                    + "\"\(next)\" is a name"
            }
        }
        return nil
    }

    private static func optionAndValue(_ words: ArraySlice<String>) -> (String?, String?, ArraySlice<String>) {
        guard let word = words.first, word.utf8.starts(with: "--".utf8) else { return (nil, nil, []) }
        guard let equals = word.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            return (word, words.dropFirst().first, words.dropFirst(2))
        }
        return (String(word[..<equals]), String(word[word.utf8.index(after: equals)...]), words.dropFirst())
    }

    private static func remedy(time: String, _ next: String) -> String? {
        switch (LocalTime.isDate(time), LocalTime.isClock(time)) {
        case (true, _) where LocalTime.isClock(next): "\"\(time) \(next)\""
        case (_, true) where LocalTime.isDate(next): "\"\(next) \(time)\""
        case (true, _), (_, true):
            companions.contains(next.lowercased())
                ? "18:30 (the next one), \"2026-12-01 18:30\" or 2026-12-01T18:30:00Z" : nil
        // As in `tomorrow 05:00`, which no --until takes in either form.
        default: nil
        }
    }
}
