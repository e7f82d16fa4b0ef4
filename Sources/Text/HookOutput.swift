/// What a hook writes, as lines for the log, and no more of them than somebody reads.
package struct HookOutput {
    private var line: [UInt8] = []
    private var lineCount = 0
    private var byteCount = 0
    private let tell: (String) -> Void

    package static let linesMax = 64
    package static let bytesMax = 8192

    package init(tell: @escaping (String) -> Void) { self.tell = tell }

    package mutating func take(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if isFull { return }
            byteCount += 1
            if byte == UInt8(ascii: "\n") { endLine() } else { line.append(byte) }
            if isFull {
                endLine()
                tell("(no more of its output is kept)")
            }
        }
    }

    /// The last line need not end like one.
    package mutating func finish() { if !isFull { endLine() } }

    private var isFull: Bool { lineCount >= Self.linesMax || byteCount >= Self.bytesMax }

    private mutating func endLine() {
        guard !line.isEmpty else { return }
        tell(Excerpt.of(String(decoding: line, as: UTF8.self), longest: Self.bytesMax))
        line = []
        lineCount += 1
    }
}
