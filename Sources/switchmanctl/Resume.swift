import ArgumentParser
import Steering

struct Resume: FleetVerb {
    static let configuration = CommandConfiguration(abstract: "Lift a pause.")

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var lock: LockArgument

    func check() throws { try lock.check() }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        try await FleetEditor(fleet: fleet).edit { try $0.resume(lock.lockname) }
        return .yes
    }
}
