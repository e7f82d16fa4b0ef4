import Text

/// Which nodes of the tree everybody may change, though the configuration's acl closes them.
package struct TreeOpenness: Sendable {
    package var open: [String] = []
    /// How many nodes were looked at, from the prefix down.
    package var lookedAt = 0
    /// Whether these are all.
    package var isWhole = true

    /// The line has room for so many; `--json` has them all.
    private static let mostNamed = 3

    package init() {}

    /// Nil: all is closed.
    var finding: Finding? {
        guard !open.isEmpty else {
            guard !isWhole else { return nil }
            return Finding(
                .ok, "",
                "none of the first \(lookedAt) nodes is open to everybody; the rest of the tree was not looked at")
        }
        var named = open.prefix(Self.mostNamed).map { Excerpt.of($0) }.joined(separator: ", ")
        if open.count > Self.mostNamed { named += " and \(open.count - Self.mostNamed) more" }
        let nodes = open.count == 1 ? "a node is" : "\(open.count) nodes are"
        let rest = isWhole ? "" : ", of the first \(lookedAt); the rest of the tree was not looked at"
        return Finding(
            .warning, "",
            "\(nodes) open to everybody (\(named))\(rest); switchmanctl init --protect closes what is "
                + "there, but for the nodes of runs under way, which go with them")
    }

    var facts: [ExactName: JSONValue] {
        [
            "open_nodes": .array(open.map { .string($0) }), "nodes_looked_at": .integer(Int64(lookedAt)),
            "looked_at_all": .boolean(isWhole),
        ]
    }
}
