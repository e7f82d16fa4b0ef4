/// The last bytes of what a command has written, up to a limit: the memory of `--keep-output`.
package struct OutputTail: Sendable {
    private var ring: [UInt8]
    /// Where the next byte goes.
    private var next = 0
    private var isFull = false
    private var last: UInt8?
    /// How many bytes the command has written in all.
    package private(set) var written: Int64 = 0

    /// - Parameter limit: in bytes, at least one.
    package init(limit: Int) { ring = [UInt8](repeating: 0, count: limit) }

    package mutating func take(_ bytes: UnsafeRawBufferPointer) {
        written += Int64(bytes.count)
        unsafe keep(bytes)
    }

    /// A line of our own, between two attempts. It begins a line, whatever the command has written before.
    package mutating func mark(_ line: String) {
        let start = last == nil || last == UInt8(ascii: "\n") ? "" : "\n"
        let text = Array("\(start)\(line)\n".utf8)
        unsafe text.withUnsafeBytes { unsafe keep($0) }
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
        let end = unsafe UnsafeRawBufferPointer(rebasing: bytes.suffix(ring.count))
        last = unsafe end.last ?? last
        let first = min(end.count, ring.count - next)
        unsafe ring.withUnsafeMutableBytes { ring in
            unsafe UnsafeMutableRawBufferPointer(rebasing: ring[next...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: end.prefix(first)))
            unsafe ring.copyMemory(from: UnsafeRawBufferPointer(rebasing: end.dropFirst(first)))
        }
        isFull = isFull || next + end.count >= ring.count
        next = (next + end.count) % ring.count
    }

    /// The oldest first.
    package var bytes: [UInt8] { isFull ? Array(ring[next...] + ring[..<next]) : Array(ring[..<next]) }
}
