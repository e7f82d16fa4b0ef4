/// What a line of the log looks like.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// An object, for programs.
    case json
}
