import Text

/// Names that an operator types, looked at before they get into the fleet's data.
package enum NameCheck {
    /// One host.
    package static func host(_ name: String) throws(EditError) {
        try check(name, "host", longestBytes: 255)
        if HostPattern.isPattern(name) || name.utf8.contains(UInt8(ascii: "[")) {
            throw .usage("host \"\(Excerpt.of(name))\" is a pattern; name each host")
        }
    }

    /// A host, or hosts by a pattern.
    package static func hosts(_ name: String) throws(EditError) {
        try check(name, "host", longestBytes: 255)
        if name.utf8.contains(UInt8(ascii: "[")) {
            throw .usage(
                "host \"\(Excerpt.of(name))\" has a \"[\", which stands for itself and matches nobody; use * and ?, or name "
                    + "each host")
        }
    }

    package static func group(_ name: String) throws(EditError) { try check(name, "group", longestBytes: 255) }

    package static func resource(_ name: String) throws(EditError) {
        try check(name, "resource", longestBytes: 255)
        // What follows it is the count: see `--lease`.
        if name.utf8.contains(UInt8(ascii: "=")) {
            throw .usage("resource \"\(Excerpt.of(name))\" contains '='; choose another name")
        }
    }

    private static func check(_ name: String, _ kind: String, longestBytes: Int) throws(EditError) {
        var objection = NodeName.objection(to: Array(name.utf8), longestBytes: longestBytes)
        if objection == nil, name.utf8.contains(UInt8(ascii: " ")) { objection = "contains a blank" }
        if let objection { throw .usage("\(kind) \"\(Excerpt.of(name))\" \(objection); choose another name") }
    }
}
