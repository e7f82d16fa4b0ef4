import Testing
import Text

@Suite struct OutputTailTests {
    private func taken(_ pieces: [String], limit: Int) -> OutputTail {
        var tail = OutputTail(limit: limit)
        for piece in pieces { unsafe Array(piece.utf8).withUnsafeBytes { unsafe tail.take($0) } }
        return tail
    }

    @Test func theLastBytesInTheirOrder() {
        for limit in 1...12 {
            for size in 1...12 {
                let all = Array("abcdefghijklmnopqrstuvwxyz".utf8)
                var tail = OutputTail(limit: limit)
                for start in stride(from: 0, to: all.count, by: size) {
                    let piece = Array(all[start..<min(start + size, all.count)])
                    unsafe piece.withUnsafeBytes { unsafe tail.take($0) }
                    let end = min(start + size, all.count)
                    #expect(tail.bytes == Array(all[..<end].suffix(limit)) && tail.written == Int64(end))
                }
            }
        }
    }

    @Test func nothingIsNothing() { #expect(taken([], limit: 3).bytes == [] && taken(["", ""], limit: 3).bytes == []) }

    @Test(arguments: [("", "[x]\n"), ("a", "a\n[x]\n"), ("a\n", "a\n[x]\n")])
    func aMarkIsALineOfItsOwn(before: String, after: String) {
        var tail = taken([before], limit: 100)
        tail.mark("[x]")
        #expect(tail.bytes == Array(after.utf8) && tail.written == Int64(before.utf8.count))
    }
}
