import ArgumentParser
import Steering

struct Undrain: FleetVerb {
    static let configuration = CommandConfiguration(abstract: "Lift a drain.")

    @OptionGroup var configuration: ConfigurationOption
    @Argument(help: "The host's full name.") var host: String

    func check() throws { try NameCheck.host(host) }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        try await FleetEditor(fleet: fleet).edit { try $0.undrain(host) }
        return .yes
    }
}
