import Recipes

/// Names that an operator types, looked at before they get into the fleet's data.
package enum NameCheck {
    package static func host(_ name: String) throws(EditError) {
        try check(name, "host", longestBytes: 255)
        // Members are compared byte for byte, and no host is called so.
        if name.contains(where: { "*?[".contains($0) }) {
            throw .usage("host \"\(Excerpt.of(name))\" is a pattern, which would match nobody; name each host")
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
