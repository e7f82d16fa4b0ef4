import Invocation
import Steering
import Text

extension CrontabLine {
    /// What no program is called, where the command's name belongs.
    static func objection(to command: [ShellWord]) -> String? {
        let first = command[0]
        if first.isDynamic { return nil }
        let word = String(decoding: first.bytes, as: UTF8.self)
        if let objection = ShellBuiltin.objection(to: word) { return objection }
        if command.count > 1, first.assignment != nil {
            return
                "\"\(Excerpt.of(first.bytes))\" is taken for the command's name; put it before switchman, or write env "
                + Excerpt.of(first.bytes)
        }
        let name = String(decoding: ShellWord.baseName(first.bytes), as: UTF8.self)
        let isLockFile =
            [".lock", ".lck", ".pid", ".flock"].contains { name.hasSuffix($0) }
            || word.hasPrefix("/run/lock/") || word.hasPrefix("/var/lock/")
        if command.count > 1, isLockFile {
            return
                "\"\(Excerpt.of(first.bytes))\" is taken for the command: flock is given a file, switchman a name, by --lockname"
        }
        return nil
    }

    /// Cron's own, where the crontab sets none (crontab(5), Debian).
    private static let usualPath = "/usr/bin:/bin"

    /// Where a program is to be found, by a PATH that is known; nil if it is nowhere, or if nobody knows.
    private func isMissing(_ program: ShellWord, _ call: SwitchmanCall) -> (Bool, path: String) {
        let path = call.environment[Array("PATH".utf8)] ?? Array(Self.usualPath.utf8)
        let text = String(decoding: path, as: UTF8.self)
        let name = String(decoding: program.bytes, as: UTF8.self)
        if program.isDynamic { return (false, text) }
        // Relative to a folder that nobody knows.
        if name.contains("/") { return (name.hasPrefix("/") && !host.isExecutable(name), text) }
        guard call.hasOwnPath, !path.contains(0), !path.contains(UInt8(ascii: "$")) else { return (false, text) }
        return (!text.split(separator: ":").contains { host.isExecutable("\($0)/\(name)") }, text)
    }

    /// Elsewhere it is; a crontab of other hosts is not held against this one.
    private func isInstalled(_ name: String) -> Bool { host.folders.contains { host.isExecutable("\($0)/\(name)") } }

    /// How what is said of this host begins: once for a file, since it is the same for all of its lines.
    static let ofThisHost = "on this host there is no "

    func judgePath(of call: SwitchmanCall, _ reading: inout Reading) {
        let (isMissing, path) = isMissing(call.words[0], call)
        guard isMissing else { return }
        let shown = Excerpt.of(call.words[0].bytes)
        let name = String(decoding: call.words[0].bytes, as: UTF8.self)
        if name.contains("/") {
            reading.findings.append((.ok, "\(Self.ofThisHost)\(shown), so that the line would start nothing here"))
        } else if isInstalled(name) {
            reading.findings.append(
                (
                    .warning,
                    "\(shown) is not in the crontab's PATH (\(Excerpt.of(Array(path.utf8)))); "
                        + "set PATH in the crontab, or write where it is"
                ))
        } else {
            reading.findings.append(
                (
                    .ok,
                    "\(Self.ofThisHost)\(shown) in PATH (\(Excerpt.of(Array(path.utf8)))), nor elsewhere, so that the line would "
                        + "start nothing here"
                ))
        }
    }

    /// A run without its configuration starts nothing; but the crontab may be another host's.
    func judgeConfiguration(_ reading: inout Reading) {
        guard let fleet = reading.need?.fleet else { return }
        let isComplete = ["SWITCHMAN_PREFIX", "SWITCHMAN_ZKHOSTS"].allSatisfy { !(fleet.environment[$0] ?? "").isEmpty }
        if fleet.config == nil, isComplete { return }
        let path = fleet.config ?? host.configuration
        if !path.hasPrefix("/") || host.isThere(path) { return }
        reading.findings.append((.ok, Self.missing(configuration: path)))
    }

    static func missing(configuration path: String) -> String {
        "\(ofThisHost)\(Excerpt.of(path)), the run's configuration, without which it would end with 78 here"
    }

    func judgeProgram(_ command: [ShellWord], _ call: SwitchmanCall, _ reading: inout Reading) {
        if !isMissing(call.words[0], call).0, isMissing(command[0], call).0 {
            reading.findings.append((.ok, "there is no \(Excerpt.of(command[0].bytes)) on this host"))
        }
    }
}
