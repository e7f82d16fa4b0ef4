/// What became of a session that was opened as a run opens it, and of one question in it.
package enum RunSight: Sendable {
    /// How closed the tree is; nil: it is not to be, by the configuration's acl.
    case answered(TreeOpenness?)
    /// Why it failed, with the code that a run would end with; the severity is how bad this is for a fleet.
    case failed(Severity, String)
    /// No server grants sessions, which is found already.
    case notTried

    var openness: TreeOpenness? { if case .answered(let openness) = self { openness } else { nil } }
}
