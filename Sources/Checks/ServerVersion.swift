import Text

/// A ZooKeeper release.
package struct ServerVersion: Sendable, Equatable, Comparable {
    let parts: [Int64]

    /// Reads the likes of `3.8.0-5a02a05, built on 2022-02-25`; nil if there is none in it.
    init?(_ text: some StringProtocol) {
        let number = text.utf8.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
        let parts = number.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
            DigitText.parse($0)
        }
        guard parts.count >= 3, !parts.contains(nil) else { return nil }
        self.parts = Array(parts.compactMap(\.self).prefix(3))
    }

    var text: String { parts.map { String($0) }.joined(separator: ".") }

    package static func < (left: Self, right: Self) -> Bool { left.parts.lexicographicallyPrecedes(right.parts) }

    /// Why an ensemble of this release may forget what it has committed; nil if it does not.
    ///
    /// By the release tags of ZooKeeper's sources: the fix of ZOOKEEPER-4785 is first in 3.8.5 and in 3.9.2, and the code that
    /// it mends (a follower acknowledges before its log is on the disk) stands in all of 3.5 to 3.7 too; ZOOKEEPER-4925 came
    /// with 3.9.3 and left with 3.9.4. A server alone has no followers.
    var loss: String? {
        let line = Array(parts.prefix(2))
        if parts == [3, 9, 3] { return "ZOOKEEPER-4925; run 3.9.4 or later" }
        if line == [3, 9] { return parts[2] < 2 ? "ZOOKEEPER-4785; run 3.9.4 or later" : nil }
        return parts.lexicographicallyPrecedes([3, 8, 5]) ? "ZOOKEEPER-4785; run 3.8.5, 3.9.4 or later" : nil
    }
}
