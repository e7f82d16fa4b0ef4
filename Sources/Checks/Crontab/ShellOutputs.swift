/// Whether a command's standard output and standard error go to a file, as far as its redirections say.
struct ShellOutputs: Equatable {
    private var files: Set<Int> = []

    /// Both of them.
    var areFiles: Bool { files.isSuperset(of: [1, 2]) }

    /// - Parameters:
    ///   - descriptor: the number before the sign; nil if there is none.
    ///   - sign: such as `>>` or `>&`.
    ///   - word: what stands behind it.
    mutating func redirect(_ descriptor: Int?, _ sign: [UInt8], to word: ShellWord) {
        if sign.contains(UInt8(ascii: "<")) { return }
        let isBoth = sign.first == UInt8(ascii: "&")
        guard sign.last == UInt8(ascii: "&") else {
            return set(isBoth ? [1, 2] : [descriptor ?? 1], Self.isFile(word))
        }
        let text = String(decoding: word.bytes, as: UTF8.self)
        if let other = Int(text) {
            set([descriptor ?? 1], files.contains(other))
        } else {
            set(descriptor.map { [$0] } ?? [1, 2], text != "-" && Self.isFile(word))
        }
    }

    private mutating func set(_ descriptors: [Int], _ isFile: Bool) {
        if isFile { files.formUnion(descriptors) } else { files.subtract(descriptors) }
    }

    /// Devices are none, and what only the shell knows may be one.
    private static func isFile(_ word: ShellWord) -> Bool {
        !word.isDynamic && !word.bytes.isEmpty && !word.bytes.starts(with: "/dev/".utf8)
    }
}
