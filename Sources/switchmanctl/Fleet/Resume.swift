import ArgumentParser
import Fleet
import Recipes
import Steering
import Text

struct Resume: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Lift pauses.",
        discussion: """
            With --all: the pause of all jobs; those that are paused by name stay so. Of several names, none is resumed \
            unless all are paused. The exit code is 1 if one is not.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var jobs: JobsArgument

    func check() throws { try jobs.check() }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        try await FleetEditor(fleet: fleet).edit { edit in
            if jobs.all { try edit.resumeAll() }
            let paused = edit.fleet.pauses.jobNotes.keys.sorted().map(\.text)
            for name in jobs.distinct { try NameSlips.hinting(at: [name], among: paused) { try edit.resume(name) } }
        }
        return .yes
    }
}
