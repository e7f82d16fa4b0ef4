import ArgumentParser
import Fleet
import Steering
import Text

struct Drain: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Stop new starts on hosts.",
        discussion: """
            What runs there goes on to its end, unless --stop. Runs skip with the outcome paused until undrain, or until \
            the drain ends by itself. With --stop the exit code is 1 if something is still \
            held there at the end; runs without a lock cannot be asked.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @OptionGroup var patience: StopTimeout
    @Flag(help: "Also stop what runs there under a lock, as stop does.") var stop = false
    @OptionGroup var options: PauseOptions
    @OptionGroup var named: HostsArgument

    func check() throws {
        try named.check()
        _ = try options.note(host: nil)
        _ = try patience.limit()
    }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let note = try options.note(host: fleet.hostName)
        try await FleetEditor(fleet: fleet).edit { edit in
            for host in named.hosts { edit.drain(host, note) }
        }
        if !printing.json { PauseOptions.tellEnd(of: note, "drained") }
        try await NameSlips(fleet: fleet).warn(ofHosts: named.distinct, in: try await fleet.fleetData())
        guard stop else {
            if printing.json { Screen.print(.object(["locks": .array([])])) }
            return .yes
        }
        let status = try await StatusReader(fleet: fleet, only: nil, watches: false).readAll()
        let locks = status.locks.filter { lock in
            named.hosts.contains { entry in lock.holder.map { HostPattern.matches(entry, host: $0.host) } ?? false }
        }
        let timeout = try patience.limit() ?? Stopping.patience(fleet)
        return try await StopReport(isJSON: printing.json, why: options.why).perform(locks, fleet, timeout: timeout)
    }
}
