import Text

/// The path of a znode below which everything else stands: a prefix, a chroot.
enum ZNodePath {
    /// Why the text is not one, as the end of a sentence; nil if it is. The root itself is none.
    static func objection(to text: String) -> String? {
        let bytes = Array(text.utf8)
        guard bytes.first == UInt8(ascii: "/"), bytes.count > 1 else {
            return "must be a path below the root, such as /switchman"
        }
        if bytes.last == UInt8(ascii: "/") {
            return "must not end in '/'"
        }
        for component in bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if component.isEmpty {
                return "must not contain '//'"
            }
            if let objection = NodeName.objection(to: Array(component), longestBytes: bytes.count) {
                return "has a component that \(objection)"
            }
        }
        return nil
    }
}
