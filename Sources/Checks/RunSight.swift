import Recipes

/// What became of a session that was opened as a run opens it, and of one question in it.
package enum RunSight: Sendable {
    /// - Parameter open: the nodes of the tree that everybody may change, though the configuration's acl closes them.
    case answered(open: [String] = [])
    /// Why it failed, with the code that a run would end with; the severity is how bad this is for a fleet.
    case failed(Severity, String)
    /// No server grants sessions, which is found already.
    case notTried

    /// That the tree is open although it is not to be, and what closes it.
    var openness: String? {
        guard case .answered(let open) = self, let first = open.first else { return nil }
        let nodes = open.count == 1 ? "a node is" : "\(open.count) nodes are"
        return
            "\(nodes) open to everybody (\(Excerpt.of(first)), for one); switchmanctl init --protect closes what is there"
    }
}
