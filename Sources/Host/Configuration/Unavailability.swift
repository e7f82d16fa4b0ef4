/// What servers that cannot be reached are to a run: an error, or a reason to skip like another.
package enum Unavailability: String, CaseIterable, Sendable {
    case fail, skip
}
