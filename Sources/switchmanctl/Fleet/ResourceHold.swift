import ArgumentParser
import Fleet
import Recipes
import Steering
import Text

extension Resources {
    struct Hold: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Give out no permits of a resource.",
            discussion: """
                What has permits goes on; who waits for some waits on, in the same order, until the resource is released or \
                the hold ends by itself. When this program has answered, no permit is given out any more. With --wait it \
                also waits until none is in use; the exit code is 1 if some still are at the end, and the hold stays. To \
                hold what is held already changes its end, or its reason.
                """)

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var options: PauseOptions
        @Option(
            help: ArgumentHelp(
                "Also wait until no permit is in use: 30s, 5m, forever.", valueName: "duration"))
        var wait: String?
        @Argument(help: "The resource's name.", completion: NameCompletion.resources) var resource: String

        func check() throws {
            try NameCheck.resource(resource)
            _ = try options.note(host: nil)
            _ = try limit()
        }

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let note = try options.note(host: fleet.hostName)
            try await FleetEditor(fleet: fleet).edit(takesAway: false) { edit in
                try NameSlips.hinting(at: resource, &edit) { try $0.hold(resource, note) }
            }
            PauseOptions.tellEnd(of: note, "held")
            guard let limit = try limit() else { return .yes }
            return try await HoldWait(fleet: fleet, held: resource).perform(limit: limit)
        }

        private func limit() throws(EditError) -> Limit? {
            guard let wait else { return nil }
            guard let limit = DurationText.parse(wait) else {
                throw .usage("invalid value \"\(Excerpt.of(wait))\" for --wait: expected \(DurationText.form)")
            }
            return limit
        }
    }

    struct Release: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Give out permits of a held resource again.",
            discussion: "Who waits goes on at once. The exit code is 1 if the resource is not held.")
        @OptionGroup var configuration: ConfigurationOption
        @Argument(help: "The resource's name, as it was held.", completion: NameCompletion.resources)
        var resource: String

        func check() throws { try NameCheck.resource(resource) }

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            try await FleetEditor(fleet: fleet).edit { edit in
                try NameSlips.hinting(at: resource, held: true, &edit) { try $0.release(resource) }
            }
            return .yes
        }
    }
}
