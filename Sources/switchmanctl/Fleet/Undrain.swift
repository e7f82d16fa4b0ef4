import ArgumentParser
import Fleet
import Recipes
import Steering
import Text

struct Undrain: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Lift drains.",
        discussion: "Of several hosts, none is undrained unless all are drained. The exit code is 1 if one is not.")

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var named: HostsArgument

    func check() throws { try named.check() }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        try await FleetEditor(fleet: fleet).edit { edit in
            let drained = edit.fleet.pauses.hostNotes.keys.sorted().map(\.text)
            for host in named.distinct { try NameSlips.hinting(at: [host], among: drained) { try edit.undrain(host) } }
        }
        return .yes
    }
}
