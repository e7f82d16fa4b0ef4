/// A piece of shell, taken apart into its simple commands: enough to find a program and its arguments, without running
/// anything. What stands in `$(...)` and in backquotes is taken apart as well.
struct ShellText {
    /// What ends a simple command, and so decides when the next one runs.
    enum Connector { case and, or, pipe, sequence, none }

    /// The words of each simple command, redirections left out.
    private(set) var commands: [[ShellWord]] = []
    /// What stands behind each of them.
    private(set) var connectors: [Connector] = []
    /// Where the output of each of them goes.
    private(set) var outputs: [ShellOutputs] = []
    /// What is not closed, as a message.
    private(set) var problem: String?

    private let bytes: [UInt8]
    private let variables: [[UInt8]: [UInt8]]
    private let depth: Int
    private var position = 0
    private var words: [ShellWord] = []
    private var word: ShellWord?
    private var wordStart = 0
    /// Behind the `=` of NAME=VALUE.
    private var isAssigning = false
    private var hasEquals = false
    private var output = ShellOutputs()
    /// The next word is what it leads to.
    private var redirection: (descriptor: Int?, sign: [UInt8])?

    /// Nobody nests deeper, and nobody's file decides how deep the stack goes.
    static let deepest = 8
    /// What cron itself takes; a longer one put in often would fill the memory.
    private static let longestValue = 1000

    init(_ bytes: [UInt8], variables: [[UInt8]: [UInt8]] = [:], depth: Int = 0) {
        self.bytes = bytes
        self.variables = variables
        self.depth = depth
        while position < bytes.count { readOne() }
        endCommand(.none)
    }

    // MARK: - Words and commands

    private mutating func begin() {
        if word == nil {
            word = ShellWord()
            wordStart = position
            isAssigning = false
            hasEquals = false
        }
    }

    private mutating func endWord() {
        guard var finished = word else { return }
        finished.end(source: bytes[wordStart..<min(position, bytes.count)])
        word = nil
        guard let (descriptor, sign) = redirection else { return words.append(finished) }
        redirection = nil
        output.redirect(descriptor, sign, to: finished)
    }

    private mutating func endCommand(_ connector: Connector) {
        endWord()
        redirection = nil
        if !words.isEmpty {
            commands.append(words)
            connectors.append(connector)
            outputs.append(output)
        }
        (words, output) = ([], ShellOutputs())
    }

    /// At `;`, `&`, `|`, a newline or a bracket.
    private func connector() -> Connector {
        let isDoubled = peek(1) == bytes[position]
        switch bytes[position] {
        case UInt8(ascii: "&"): return isDoubled ? .and : .sequence
        case UInt8(ascii: "|"): return isDoubled ? .or : .pipe
        case UInt8(ascii: ";"), 0x0a: return .sequence
        default: return .none
        }
    }

    private mutating func readOne() {
        let byte = bytes[position]
        switch byte {
        case 0x20, 0x09, 0x0d:
            endWord()
            position += 1
        case UInt8(ascii: "&") where peek(1) == UInt8(ascii: ">"): readRedirection()
        case 0x0a, UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "("), UInt8(ascii: ")"):
            let connector = connector()
            endCommand(connector)
            position += connector == .and || connector == .or ? 2 : 1
        case UInt8(ascii: "<"), UInt8(ascii: ">"): readRedirection()
        case UInt8(ascii: "#") where word == nil:
            while position < bytes.count, bytes[position] != 0x0a { position += 1 }
        case UInt8(ascii: "'"): readSingleQuoted()
        case UInt8(ascii: "\""): readDoubleQuoted()
        case UInt8(ascii: "\\"):
            begin()
            if let next = peek(1) { word?.append(next) }
            position += 2
        case UInt8(ascii: "$"), UInt8(ascii: "`"):
            begin()
            readExpansion(isQuoted: false)
        case 0:
            // What an outer shell puts in, and this one may split.
            begin()
            word?.appendUnknown(isQuoted: false)
            position += 1
        default:
            begin()
            word?.append(byte)
            if byte == UInt8(ascii: "="), !hasEquals {
                hasEquals = true
                isAssigning = word?.assignment != nil
            }
            position += 1
        }
    }

    private func peek(_ offset: Int) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private mutating func readRedirection() {
        let isNumbered = word.map { $0.bytes.allSatisfy { (0x30...0x39).contains($0) } } ?? false
        let descriptor = isNumbered ? word.flatMap { Int(String(decoding: $0.bytes, as: UTF8.self)) } : nil
        if isNumbered { word = nil } else { endWord() }
        let start = position
        while let next = peek(0), "<>&|".utf8.contains(next) { position += 1 }
        redirection = (descriptor, Array(bytes[start..<position]))
    }

    // MARK: - Quotes

    private mutating func readSingleQuoted() {
        begin()
        position += 1
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "'")) else { return unclosed("'") }
        word?.append(bytes[position..<end])
        position = end + 1
    }

    private mutating func readDoubleQuoted() {
        begin()
        position += 1
        while let byte = peek(0) {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                if let next = peek(1), "$`\"\\\n".utf8.contains(next) {
                    word?.append(next)
                    position += 2
                } else {
                    word?.append(byte)
                    position += 1
                }
            case UInt8(ascii: "$"), UInt8(ascii: "`"): readExpansion(isQuoted: true)
            default:
                word?.append(byte)
                position += 1
            }
        }
        unclosed("\"")
    }

    private mutating func unclosed(_ opener: String) {
        if problem == nil { problem = "\(opener) is opened and never closed" }
        position = bytes.count
    }

    // MARK: - What the shell puts in

    private mutating func readExpansion(isQuoted: Bool) {
        if bytes[position] == UInt8(ascii: "`") { return readBackquoted(isQuoted: isQuoted) }
        switch peek(1) {
        case UInt8(ascii: "("):
            guard let end = closing(from: position + 2, open: UInt8(ascii: "("), close: UInt8(ascii: ")")) else {
                return unclosed("$(")
            }
            // $((...)) is arithmetic, which starts nothing.
            if peek(2) != UInt8(ascii: "(") { readInner(Array(bytes[(position + 2)..<end])) }
            word?.appendUnknown(isQuoted: isQuoted)
            position = end + 1
        case UInt8(ascii: "{"):
            guard let end = closing(from: position + 2, open: UInt8(ascii: "{"), close: UInt8(ascii: "}")) else {
                return unclosed("${")
            }
            let name = Array(bytes[(position + 2)..<end])
            position = end + 1
            put(name, isQuoted: isQuoted)
        case let next? where ShellWord.isNameByte(next) && !(0x30...0x39).contains(next):
            let name = bytes[(position + 1)...].prefix(while: ShellWord.isNameByte)
            position += 1 + name.count
            put(Array(name), isQuoted: isQuoted)
        case let next? where "0123456789?$!@*#-".utf8.contains(next):
            position += 2
            word?.appendUnknown(isQuoted: isQuoted)
        case UInt8(ascii: "'") where !isQuoted:
            // bash's $'...': near enough to '...'.
            position += 1
        default:
            word?.append(UInt8(ascii: "$"))
            position += 1
        }
    }

    /// A variable that the crontab itself sets is known.
    private mutating func put(_ name: [UInt8], isQuoted: Bool) {
        guard let value = variables[name], value.count <= Self.longestValue else {
            word?.appendUnknown(isQuoted: isQuoted)
            return
        }
        // The value of an assignment is not split either.
        if isQuoted || isAssigning {
            word?.append(value)
            return
        }
        for (index, part) in value.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).enumerated() {
            if index > 0 {
                endWord()
                begin()
            }
            word?.append(part)
        }
    }

    private mutating func readBackquoted(isQuoted: Bool) {
        var end = position + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "`") {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < bytes.count else { return unclosed("`") }
        readInner(Array(bytes[(position + 1)..<end]))
        word?.appendUnknown(isQuoted: isQuoted)
        position = end + 1
    }

    private mutating func readInner(_ text: [UInt8]) {
        guard depth < Self.deepest else { return }
        let inner = ShellText(text, variables: variables, depth: depth + 1)
        commands += inner.commands
        connectors += inner.connectors.map { _ in .none }
        outputs += inner.outputs
        if problem == nil { problem = inner.problem }
    }

    /// The place of the closing bracket, quotes and nested brackets passed over.
    private func closing(from start: Int, open: UInt8, close: UInt8) -> Int? {
        var level = 1
        var index = start
        var quote: UInt8?
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
                index += 2
                continue
            }
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == open {
                level += 1
            } else if byte == close {
                level -= 1
                if level == 0 { return index }
            }
            index += 1
        }
        return nil
    }
}
