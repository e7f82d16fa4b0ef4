/// An input cut in pieces, for subjects that take more than one text.
struct Fields {
    private var rest: ArraySlice<UInt8>

    /// The unit separator: of no meaning to any of the parsers, but refused as other control characters are.
    private static let separator: UInt8 = 0x1f

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    /// Zero when there is no more.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// Up to the next separator.
    mutating func bytes() -> [UInt8] {
        let field = rest.prefix { $0 != Self.separator }
        rest = rest.dropFirst(field.count + 1)
        return Array(field)
    }

    mutating func text() -> String { String(decoding: bytes(), as: UTF8.self) }

    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }
}
