import ArgumentParser
import Checks

struct CheckEnsemble: CheckVerb {
    static let configuration = CommandConfiguration(
        commandName: "ensemble",
        abstract: "Whether the servers keep their promises, and terms and timeouts fit them.",
        discussion: """
            Asks each server of zkhosts for srvr, conf and mntr, and for a session, which is closed at once. What a \
            server does not tell is named.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption

    func verdict() throws -> Verdict {
        let settings = try configuration.load()
        return EnsembleCheck.verdict(on: ServerSurvey.ask(settings), for: settings)
    }
}
