extension String {
    /// As much of the text as fits into so many bytes of UTF-8, without half a character.
    package func beginning(bytes limit: Int) -> String {
        let all = Array(utf8)
        guard all.count > limit else { return self }
        var end = max(0, limit)
        while end > 0, all[end] & 0xc0 == 0x80 { end -= 1 }
        return String(decoding: all[..<end], as: UTF8.self)
    }
}
