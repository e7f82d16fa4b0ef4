/// One word of a shell command, as far as it can be known without running anything.
struct ShellWord: Equatable {
    /// Quotes removed; a zero byte stands for each part that only the shell knows.
    private(set) var bytes: [UInt8] = []
    /// As it is written.
    private(set) var source: [UInt8] = []
    /// Whether the shell may make several words of it, or none.
    private(set) var isSplit = false

    init() {}

    init(_ text: String) {
        bytes = Array(text.utf8)
        source = bytes
    }

    var isDynamic: Bool { bytes.contains(0) }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }
    mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

    mutating func appendUnknown(isQuoted: Bool) {
        bytes.append(0)
        if !isQuoted { isSplit = true }
    }

    mutating func end(source: some Sequence<UInt8>) { self.source = Array(source) }

    /// With something in the place of what is unknown.
    func filled(with filler: String) -> [UInt8] {
        bytes.flatMap { $0 == 0 ? Array(filler.utf8) : [$0] }
    }

    /// Behind the last slash.
    static func baseName(_ bytes: [UInt8]) -> [UInt8] {
        bytes.lastIndex(of: UInt8(ascii: "/")).map { Array(bytes[($0 + 1)...]) } ?? bytes
    }

    func has(name: String) -> Bool { Self.baseName(bytes) == Array(name.utf8) }

    /// `NAME=VALUE`; nil if it is none.
    var assignment: (name: [UInt8], value: [UInt8])? {
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals > 0,
            bytes[..<equals].allSatisfy(Self.isNameByte), !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[0])
        else { return nil }
        return (Array(bytes[..<equals]), Array(bytes[(equals + 1)...]))
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
