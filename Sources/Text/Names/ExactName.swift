/// A name that is compared byte for byte, as by the originals and by ZooKeeper: to Swift's own `==` a composed and a
/// decomposed letter are the same, so that one of two groups would take the other's place.
package struct ExactName: Sendable, Hashable, Comparable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    package static func == (left: ExactName, right: ExactName) -> Bool { left.text.isSameName(as: right.text) }

    package static func < (left: ExactName, right: ExactName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { bytes in unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
    }
}

extension String {
    /// Byte for byte, as ZooKeeper compares: Swift's `==` takes a composed and a decomposed letter for the same.
    package func isSameName(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
