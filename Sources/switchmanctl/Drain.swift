import ArgumentParser
import Recipes
import Steering

struct Drain: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Stop new starts on a host.",
        discussion: """
            What runs there goes on to its end, unless --stop. With --stop the exit code is 1 if something is still \
            held there at the end; runs without a lock cannot be asked.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @OptionGroup var patience: StopTimeout
    @Flag(help: "Also stop what runs there under a lock, as stop does.") var stop = false
    @Argument(help: "The host's full name.") var host: String

    func check() throws {
        try NameCheck.host(host)
        _ = try patience.limit()
    }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        try await FleetEditor(fleet: fleet).edit { $0.drain(host) }
        guard stop else {
            if printing.json { Screen.print(.object(["locks": .array([])])) }
            return .yes
        }
        let status = try await StatusReader(fleet: fleet, only: nil, watches: false).read()
        let locks = status.locks.filter { $0.holder?.host.isSameName(as: host) == true }
        let timeout = try patience.limit() ?? StopTimeout.standard(fleet.settings)
        return try await StopReport(isJSON: printing.json).perform(locks, fleet, timeout: timeout)
    }
}
