import ArgumentParser
import Steering

struct Pause: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Stop new starts of a job on every host.",
        discussion: "What runs goes on; no crontab is touched. Runs skip with the outcome paused until resume.")

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var lock: LockArgument

    func check() throws { try lock.check() }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        try await FleetEditor(fleet: fleet).edit { $0.pause(lock.lockname) }
        return .yes
    }
}
