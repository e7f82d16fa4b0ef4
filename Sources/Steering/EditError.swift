/// An edit that makes no sense. One line that says why and what to do.
package struct EditError: Error, Equatable {
    package let message: String

    package init(message: String) { self.message = message }
}
