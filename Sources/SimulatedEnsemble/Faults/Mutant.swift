import Recipes

/// A mutant of the code under test: a rule broken, to see it caught. There are none in the sources themselves.
/// Tests/mutants writes a copy of them that has all, and an own version of this file.
package struct Mutant: Sendable, Hashable {
    package let name: String

    package static let all: [Mutant] = []
}

extension Job {
    mutating func play(_ mutants: Set<Mutant>) { assert(mutants.isEmpty) }
}
