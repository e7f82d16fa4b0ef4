import Coordination
import POSIX
import Text

/// The configuration's keys and values as they were found, before anybody asked what they mean.
struct Settings {
    /// Nil if there is no file and none was named.
    private let path: String?
    private let file: [ExactName: JSONValue]
    private let environment: [String: String]

    /// A configuration is some hundred bytes; what is longer than this was named by mistake.
    private static let longestBytes = 1 << 20
    /// More warnings than this say nothing new.
    private static let mostWarnings = 20

    static func load(path: String?, environment: [String: String]) throws(ConfigurationError) -> Settings {
        let named = path ?? environment["SWITCHMAN_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let chosen = named ?? Configuration.defaultPath
        let remedy = path != nil || named == nil ? "" : " (it is named by SWITCHMAN_CONFIG)"
        let isElsewhere = ["SWITCHMAN_PREFIX", "SWITCHMAN_ZKHOSTS"].allSatisfy { !(environment[$0] ?? "").isEmpty }
        let bytes: [UInt8]
        do {
            bytes = try PromptFile.read(chosen, longestBytes: longestBytes)
        } catch {
            if error == .file(.missing), named == nil, isElsewhere {
                return Settings(path: nil, file: [:], environment: environment)
            }
            throw ConfigurationError(message: "\(chosen): " + complaint(about: error, isNamed: named != nil) + remedy)
        }
        return Settings(path: chosen, file: try object(bytes, path: chosen), environment: environment)
    }

    private static func complaint(about failure: PromptFile.Failure, isNamed: Bool) -> String {
        switch failure {
        case .file(.missing) where isNamed:
            "no such configuration file; write it, or name another with --config"
        case .file(.missing):
            "no such file; write it, name another with --config, or set SWITCHMAN_PREFIX and SWITCHMAN_ZKHOSTS"
        case .file(.tooLong):
            "is longer than \(longestBytes) bytes; is it the right file?"
        case .file(.unreadable(let code)):
            "cannot be read: \(String(errno: code)); make it a readable file"
        case .foreign(let why): why
        case .device:
            "is a device; name a regular file"
        case .openPipe:
            "is a pipe whose writer has not come to its end within \(PromptFile.patienceSeconds) s; name a regular file"
        }
    }

    private static func object(_ bytes: [UInt8], path: String) throws(ConfigurationError) -> [ExactName: JSONValue] {
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes)
        } catch {
            // Somebody's own settings are to be mended, and not to be begun anew.
            let isBegun = bytes.contains(UInt8(ascii: "{")) && bytes.contains(UInt8(ascii: ":"))
            let example = isBegun ? "" : ", starting from {\"prefix\": ..., \"zkhosts\": ...}"
            throw ConfigurationError(message: "\(path): \(error.problem); correct it\(example)")
        }
        guard case .object(let object) = value else {
            throw ConfigurationError(
                message: "\(path): is \(value.kind); it must be an object, {\"prefix\": ..., \"zkhosts\": ...}")
        }
        return object
    }

    /// The value of a key; nil if it is nowhere, null, or empty in the environment.
    subscript(key: String) -> Setting? {
        let variable = Self.variablePrefix + key.uppercased()
        if let text = environment[variable], !text.isEmpty {
            return Setting(place: "environment variable \(variable)", value: .string(text))
        }
        return inFile(key)
    }

    /// The same for what has no variable in the environment, since it is more than one value.
    func inFile(_ key: String) -> Setting? {
        guard let path, let value = file[ExactName(key)], value != .null else { return nil }
        return Setting(place: "\(path): key \"\(key)\"", value: value)
    }

    /// What tells all that is wrong with these.
    var checkCommand: String {
        let isInEnvironment = Configuration.keys.contains {
            !(environment["SWITCHMAN_" + $0.uppercased()] ?? "").isEmpty
        }
        let file = path.flatMap { $0 == Configuration.defaultPath ? nil : " " + Excerpt.of($0, longest: .max) }
        return "switchmanctl check config" + (isInEnvironment ? " --environment" : "") + (file ?? "")
    }

    func required(_ key: String) throws(ConfigurationError) -> Setting {
        if let setting = self[key] {
            return setting
        }
        let variable = Self.variablePrefix + key.uppercased()
        throw ConfigurationError(
            message: "\(path ?? "configuration"): key \"\(key)\" is missing; add it, or set \(variable)")
    }

    /// Those of the file that mean nothing to us. One that begins with # is a comment, which JSON has no other place for.
    private var unknownKeys: [String] {
        file.keys.sorted().map(\.text).filter { !$0.hasPrefix("#") && !Configuration.keys.contains($0) }
    }

    /// Refuses what would protect if it were spelt so that it has an effect, in the file or in the environment.
    func refuseMisspeltProtection() throws(ConfigurationError) {
        let unknown =
            unknownKeys.map { (place: path ?? "", key: $0) }
            + unknownVariables.map { (place: "environment variable \(Excerpt.of(Self.variablePrefix + $0))", key: $0) }
        let problems = unknown.compactMap { place, key in
            MisspeltProtection.meant(by: key).map { meant in
                "\(place): unknown key \"\(Excerpt.of(key))\"\(NearestWord.hint(meant)) "
                    + "It protects nothing as it stands; correct it, or take it out"
            }
        }
        if problems.isEmpty { return }
        throw ConfigurationError(problems: Array(problems.prefix(Self.mostWarnings)), warnings: [], lister: "")
    }

    private static let variablePrefix = "SWITCHMAN_"

    /// One line for each unknown key of the file that is not refused. Only what is near is suggested: nobody is to be asked whether
    /// he meant "tls" by a key with which runs go on in the open.
    func warnings() -> [String] {
        guard let path else { return [] }
        return unknownKeys.filter { MisspeltProtection.meant(by: $0) == nil }.prefix(Self.mostWarnings).map { key in
            let nearest = NearestWord.slip(key, among: Configuration.keys)
            return "\(path): unknown key \"\(Excerpt.of(key))\"\(NearestWord.hint(nearest))"
        }
    }

    /// The same of variables. A run passes them over in silence: they may be somebody else's.
    func warningsOfVariables() -> [String] {
        let known = (Configuration.keys + ["config"]).map { Self.variablePrefix + $0.uppercased() }
        return unknownVariables.filter { !RunVariable.names.contains($0) && MisspeltProtection.meant(by: $0) == nil }
            .prefix(Self.mostWarnings).map { name in
                let variable = Self.variablePrefix + name
                return "environment variable \(Excerpt.of(variable)) sets no key"
                    + NearestWord.hint(NearestWord.slip(variable, among: known))
            }
    }

    /// Of those that begin as ours do, those that mean no key, without that beginning.
    private var unknownVariables: [String] {
        environment.filter { $0.key.hasPrefix(Self.variablePrefix) && !$0.value.isEmpty }
            .map { String($0.key.dropFirst(Self.variablePrefix.count)) }
            .filter { name in !Configuration.keys.contains { $0.uppercased() == name } }.sorted()
    }
}

/// One value and where it was found.
struct Setting {
    /// For messages: file and key, or the environment variable.
    let place: String
    let value: JSONValue

    func error(_ problem: String) -> ConfigurationError {
        ConfigurationError(message: "\(place) \(problem)")
    }

    func wrongType(expected: String) -> ConfigurationError {
        let found =
            switch value {
            case .string(let text): "\"\(Excerpt.of(text))\""
            case .integer(let number): String(number)
            default: value.kind
            }
        return error("is \(found); it must be \(expected)")
    }

    func text() throws(ConfigurationError) -> String {
        guard case .string(let text) = value else { throw wrongType(expected: "a string") }
        guard !text.utf8.contains(0) else { throw error("contains a zero byte; remove it") }
        return text
    }

    func hostName() throws(ConfigurationError) -> String {
        let name = try text()
        // DNS has no longer ones; and it must leave room for the rest of a record.
        guard (1...255).contains(name.utf8.count),
            name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") })
        else {
            throw wrongType(expected: "a host name, of 255 bytes at most")
        }
        return name
    }

    func cgroup() throws(ConfigurationError) -> CgroupSetting {
        guard let cgroup = CgroupSetting(text: try text()) else {
            throw wrongType(
                expected: "\"auto\", \"off\", or the absolute path of a delegated folder, of 900 bytes at most")
        }
        return cgroup
    }

    /// An integer, as a number or as digits in a string.
    func integer(in range: ClosedRange<Int64>) throws(ConfigurationError) -> Int64 {
        guard let number, range.contains(number) else {
            throw wrongType(expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func duration() throws(ConfigurationError) -> Limit {
        if let limit { return limit }
        if value.string != nil { throw wrongType(expected: DurationText.form) }
        throw wrongType(expected: "a number of seconds, or a string such as \"30s\", \"5m\" or \"forever\"")
    }

    /// A duration between bounds, so not `forever`.
    func seconds(in range: ClosedRange<Int64>) throws(ConfigurationError) -> Int64 {
        guard case .seconds(let seconds)? = limit, range.contains(seconds) else {
            throw wrongType(
                expected: "a duration such as 30s or 5m, from \(range.lowerBound) to \(range.upperBound) seconds")
        }
        return seconds
    }

    /// Nil: it is no duration.
    private var limit: Limit? {
        switch value {
        case .integer(let seconds) where seconds >= 0: .seconds(seconds)
        case .string(let text): DurationText.parse(text)
        default: nil
        }
    }

    /// The servers' tickTime in milliseconds: a number as it stands in their zoo.cfg, or a duration with its unit.
    ///
    /// Until 2.0.0 was released the key was twice the tickTime in seconds. No server ticks within less than
    /// `leastTickMilliseconds`, so a number below it is still one of seconds. Taken as the tickTime it is twice as long as the
    /// true one, which makes deadlines earlier.
    func tickMilliseconds() throws(ConfigurationError) -> Int64 {
        let milliseconds: Int64
        if let number {
            milliseconds = (1..<Self.leastTickMilliseconds).contains(number) ? number * 1000 : number
        } else if let text = value.string, case .seconds(let seconds)? = DurationText.parse(text), seconds <= 3600 {
            milliseconds = seconds * 1000
        } else {
            milliseconds = 0
        }
        guard (Self.leastTickMilliseconds...3_600_000).contains(milliseconds) else {
            throw wrongType(expected: "the servers' tickTime in milliseconds, as in zoo.cfg, from 100 to 3600000")
        }
        return milliseconds
    }

    private static let leastTickMilliseconds: Int64 = 100

    /// What to tell of a tick that was written as it used to be.
    func doubtAboutTick() -> String? {
        guard let number, (1..<Self.leastTickMilliseconds).contains(number) else { return nil }
        return
            "\(place) is \(number), taken as \(number * 1000) ms; write the servers' tickTime in milliseconds, as in zoo.cfg "
            + "(\(number * 500) if this was twice the tickTime in seconds)"
    }

    func boolean() throws(ConfigurationError) -> Bool {
        switch value {
        case .boolean(let flag): return flag
        case .string("0"), .string("false"): return false
        case .string("1"), .string("true"): return true
        default: throw wrongType(expected: "true or false")
        }
    }

    func logLevel() throws(ConfigurationError) -> LogLevel {
        let named = value.string.flatMap { LogLevel($0) }
        guard let level = named ?? number.flatMap({ LogLevel(number: $0) }) else {
            throw wrongType(expected: "debug, info, notice, warning, error, critical, alert or emergency")
        }
        return level
    }

    /// What to tell of a level that is a number: nobody should have to know who counts how.
    func doubt(about level: LogLevel) -> String? {
        guard let number else { return nil }
        return
            "\(place) is \(number): syslog counts levels from emergency on, the original from debug on; "
            + "\"\(level)\" is used, which logs more; write the level's name"
    }

    /// Of a value that is one, as a number or as digits in a string.
    private var number: Int64? { value.integer ?? value.string.flatMap { DigitText.parse($0) } }

    func unavailability() throws(ConfigurationError) -> Unavailability {
        guard let choice = value.string.flatMap({ Unavailability(rawValue: $0) }) else {
            throw wrongType(expected: Unavailability.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return choice
    }
}
