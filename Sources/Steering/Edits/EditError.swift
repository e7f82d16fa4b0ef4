/// An edit that is not made. One line that says why and what to do.
package enum EditError: Error, Equatable {
    /// What was asked for makes no sense.
    case usage(String)
    /// It makes sense, but not with what is there.
    case refused(String)
}
