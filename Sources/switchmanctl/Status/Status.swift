import ArgumentParser
import Fleet
import Invocation
import Run
import Steering
import Text

struct Status: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show locks, resources and groups.",
        discussion: """
            With NAME: only the lock, the resource or the host of that name; the exit code is 0 if the lock is held, \
            permits are in use or something runs there, and 1 if not. Times are those of ZooKeeper's clock.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption

    @Flag(help: "Redraw on every change, until q, also after an outage; with --json, print one document per line.")
    var watch = false
    @Argument(help: "Only this lock, resource or host.", completion: NameCompletion.subjects) var name: String?

    var draws: Bool { watch && !printing.json }

    func check() throws {
        if draws, !Screen.isTerminal {
            throw Complaint.failed(.usage, "--watch needs a terminal; with --json it prints a document for each change")
        }
        if let name { _ = try LockName(bytes: Array(name.utf8)) }
    }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        if watch {
            let watch = StatusWatch(fleet: fleet, only: name)
            try await draws ? watch.draw() : watch.stream()
            return .yes
        }
        let status =
            if let name {
                try await StatusReader.read(name, fleet, watches: false)
            } else { try await StatusReader(fleet: fleet, only: nil, watches: false).readAll() }
        if printing.json {
            Screen.print(status.worthShowing.json)
        } else {
            Screen.print(
                status.lines(
                    width: Screen.size?.columns, colour: Screen.hasColour, nowMilliseconds: WallClock.milliseconds))
        }
        guard let name else {
            // All but what stands in that data was told.
            if status.dataError != nil { throw ExitCode(Outcome.badData.defaultCode) }
            return .yes
        }
        if status.isOfNothing { try await NameSlips(fleet: fleet).warn(ofSubject: name) }
        return status.isHeld ? .yes : .no
    }
}
