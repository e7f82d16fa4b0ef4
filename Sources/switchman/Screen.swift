import Glibc

/// What is said before there is a log.
enum Screen {
    static func print(_ text: String) { write(text, to: 1) }

    static func complain(_ message: String) { write("switchman: \(message)\n", to: 2) }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
