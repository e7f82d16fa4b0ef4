import ArgumentParser
import Fleet
import Run
import Text

/// The jobs that a verb is about: some by name, or all.
struct JobsArgument: ParsableArguments {
    @Flag(help: "All jobs, those that there will be included.") var all = false
    @Argument(help: ArgumentHelp("The jobs' locks.", valueName: "lockname"), completion: NameCompletion.jobs)
    var locknames: [String] = []

    func check() throws {
        for name in locknames { _ = try LockName(bytes: Array(name.utf8)) }
        if all, !locknames.isEmpty {
            throw Complaint.failed(.usage, "--all and a lockname exclude each other; give one of them")
        }
        if !all, locknames.isEmpty { throw Complaint.failed(.usage, "no lockname; name the jobs, or say --all") }
    }

    /// Each once.
    var distinct: [String] { Set(locknames.map { ExactName($0) }).sorted().map(\.text) }
}
