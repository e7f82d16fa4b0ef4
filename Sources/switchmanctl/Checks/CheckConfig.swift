import ArgumentParser
import Checks
import Invocation

struct CheckConfig: CheckVerb {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Read a configuration as a run would, without the network.",
        discussion: """
            For a configuration management's validate step: switchmanctl check config %s. The environment's values \
            do not count, unless asked for. An unknown key is a WARNING, \
            and CRITICAL if it was probably meant to be auth, acl or tls.
            """)

    @OptionGroup var printing: PrintingOption
    @Flag(help: "Treat warnings as errors.") var strict = false
    @Flag(help: "With the environment's values (SWITCHMAN_ZKHOSTS and so on), which come before the file's.")
    var environment = false
    @Argument(
        help: "The file; else $SWITCHMAN_CONFIG, else /etc/switchman.conf.", completion: .file())
    var file: String?

    func verdict() throws -> Verdict {
        let variables = Environment.ofThisProcess()
        let counted = environment ? variables : variables.filter { $0.key == "SWITCHMAN_CONFIG" }
        return ConfigurationCheck(isStrict: strict).verdict(path: file, environment: counted)
    }
}
