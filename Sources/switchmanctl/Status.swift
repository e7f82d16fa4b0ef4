import ArgumentParser
import Fleet
import Invocation
import Recipes
import Run
import Steering

struct Status: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show locks, resources and groups.",
        discussion: """
            With LOCKNAME: only that lock; the exit code is 0 if it is held and 1 if it is not. Times are those of \
            ZooKeeper's clock.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption

    @Flag(help: "Redraw on every change, until q; with --json, print one document per line.") var watch = false
    @Argument(help: "Only this lock.") var lockname: String?

    var draws: Bool { watch && !printing.json }

    func check() throws {
        if draws, !Screen.isTerminal {
            throw Complaint.failed(.usage, "--watch needs a terminal; with --json it prints a document for each change")
        }
        if let lockname { _ = try LockName(bytes: Array(lockname.utf8)) }
    }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        if watch {
            let watch = StatusWatch(fleet: fleet, only: lockname)
            try await draws ? watch.perform() : watch.stream()
            return .yes
        }
        let status = try await StatusReader(fleet: fleet, only: lockname, watches: false).readAll()
        if printing.json {
            Screen.print(status.worthShowing.json)
        } else {
            Screen.print(
                status.lines(
                    width: Screen.size?.columns, colour: Screen.hasColour, nowMilliseconds: WallClock.milliseconds))
        }
        guard let lockname else { return .yes }
        if let lock = status.locks.first, lock.isUnknown {
            try await NameSlips(fleet: fleet).warn(ofJobs: [lockname])
        }
        return status.locks.contains { $0.holder != nil } ? .yes : .no
    }
}
