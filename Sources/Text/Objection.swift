/// What is wrong with something that somebody has written: a list, a field, a file. The end of a sentence that begins with what it
/// is, unless the function that throws it says otherwise.
package struct Objection: Error, Equatable {
    package let problem: String

    package init(problem: String) { self.problem = problem }
}
