import ArgumentParser
import Text

/// The one argument of the verbs that are about a lock.
struct LockArgument: ParsableArguments {
    @Argument(help: "The lock's name.", completion: NameCompletion.jobs) var lockname: String

    func check() throws { _ = try LockName(bytes: Array(lockname.utf8)) }
}
