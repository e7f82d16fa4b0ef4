import ArgumentParser
import Coordination
import Fleet
import Steering
import Text

struct Tidy: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Remove the records and empty queues of jobs that have not run for a long time.",
        discussion: """
            Removes the records of jobs that have ended and not been seen for so long, with the output that is kept of \
            them, and queues in which nobody stands. It never touches a record that is running, a lock, a lease or a \
            mark. Prints what it removes, a line each.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @Option(
        help: ArgumentHelp(
            "How long a job must not have run, by ZooKeeper's clock; at least 1d.", valueName: "duration"))
    var olderThan = "90d"
    @Flag(help: "Print what would be removed, and remove nothing.") var dryRun = false

    private static let leastSeconds: Int64 = 86_400

    private func age() throws -> Int64 {
        guard case .seconds(let seconds)? = DurationText.parse(olderThan), seconds >= Self.leastSeconds,
            seconds <= Int64.max / 1000
        else {
            throw EditError.usage(
                "invalid value \"\(Excerpt.of(olderThan))\" for --older-than: expected a number with s, m, h or d, at least 1d"
            )
        }
        return seconds * 1000
    }

    func check() throws { _ = try age() }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let sweep = Sweep(fleet: fleet, isDry: dryRun)
        let removed = try await sweep.everything(olderThanMilliseconds: try age())
        if printing.json {
            Screen.print(.object(["removed": .array(removed.map { .string($0) })]))
        } else {
            Screen.print(removed.map(Visible.text))
        }
        return .yes
    }
}
