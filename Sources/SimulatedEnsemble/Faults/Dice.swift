/// The one source of chance in a simulated world: SplitMix64 (Steele, Lea, Flood 2014), so that one seed gives one history.
package struct Dice: Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
        // Neighbouring seeds must not begin alike.
        for _ in 0..<2 { state = next() ^ seed &* 0x9e37_79b9_7f4a_7c15 }
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// From 0 to count - 1.
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(1, count))) }

    mutating func chance(perMille: Int) -> Bool { below(1000) < perMille }

    /// Evenly between two times, in nanoseconds.
    mutating func between(_ low: Int64, _ high: Int64) -> Int64 {
        high <= low ? low : low + Int64(next() % UInt64(high - low + 1))
    }

    /// Mostly short, now and then up to the longest: each halving is as likely as the next.
    mutating func skewed(upTo longest: Int64) -> Int64 { between(0, longest >> Int64(below(10))) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// Nanoseconds of simulated time.
let millisecond: Int64 = 1_000_000
let second: Int64 = 1_000_000_000
