import ArgumentParser
import Fleet
import Steering
import Text

struct Pause: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Stop new starts of jobs on every host.",
        discussion: """
            What runs goes on; no crontab is touched. Runs skip with the outcome paused until resume, or until the pause \
            ends by itself. A pause of a job that is paused already changes its end, or its reason.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var options: PauseOptions
    @OptionGroup var jobs: JobsArgument

    func check() throws {
        try jobs.check()
        _ = try options.note(host: nil)
    }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let note = try options.note(host: fleet.hostName)
        let patterns = jobs.distinct.filter(HostPattern.isPattern)
        let warnings = try await NameSlips(fleet: fleet)
            .warnings(ofJobs: jobs.distinct.filter { !patterns.contains($0) })
        try await FleetEditor(fleet: fleet).edit { edit in
            if jobs.all { edit.pauseAll(note) }
            for name in jobs.locknames { edit.pause(name, note) }
        }
        PauseOptions.tellEnd(of: note, "paused")
        for name in patterns {
            Screen.complain("warning: \"\(name)\" is one lockname, not a pattern: no other job is paused")
        }
        warnings.forEach(Screen.complain)
        return .yes
    }
}
