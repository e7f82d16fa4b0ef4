import ArgumentParser
import Checks

struct CheckEnsemble: CheckVerb {
    static let configuration = CommandConfiguration(
        commandName: "ensemble",
        abstract: "Whether the servers are safe to use, and terms and timeouts fit them.",
        discussion: """
            Asks each server of zkhosts for srvr, conf and mntr, and for a session with one question, which is closed \
            at once; then opens one session more as a run does, and asks the same there. What a server does not tell is named.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption

    func verdict() throws -> Verdict {
        let settings = try configuration.load()
        let servers = ServerSurvey.ask(settings)
        // Without a server there is nothing to wait for.
        let run: RunSight = servers.contains(where: \.isServing) ? try RunSurvey.ask(settings) : .notTried
        return EnsembleCheck.verdict(on: servers, run: run, for: settings)
    }
}
