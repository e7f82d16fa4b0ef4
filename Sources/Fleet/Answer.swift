/// The exit codes of a verb that did what was asked.
package enum Answer: Int32, Sendable {
    case yes = 0
    case no = 1
}
