import Text

/// What is said of runs, and where.
extension Setting {
    func logFormat() throws(ConfigurationError) -> LogFormat {
        guard case .string(let name) = value, let format = LogFormat(rawValue: name) else {
            throw wrongType(expected: LogFormat.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return format
    }

    /// Nil: none.
    func syslogTarget() throws(ConfigurationError) -> SyslogTarget? {
        switch value {
        case .boolean(false), .string("false"), .string("0"): return nil
        case .boolean(true), .string("true"), .string("1"): return .usual
        case .string(let text):
            guard !text.utf8.contains(0), let target = SyslogTarget(text) else {
                throw wrongType(expected: SyslogTarget.form)
            }
            return target
        default: throw wrongType(expected: SyslogTarget.form)
        }
    }
    func hooks() throws(ConfigurationError) -> Hooks {
        let names = Hook.allCases.map(\.rawValue)
        guard let members = value.object else {
            throw wrongType(expected: "an object with a shell command for any of \(names.joined(separator: ", "))")
        }
        var hooks = Hooks()
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
            guard let hook = Hook(rawValue: name.text) else {
                throw error(
                    "has no hook \"\(Excerpt.of(name.text))\"; it may have \(names.joined(separator: ", "))")
            }
            let command = try Setting(place: "\(place), hook \"\(name.text)\"", value: value).text()
            hooks[hook] = command.isEmpty ? nil : command
        }
        return hooks
    }
}
