import ArgumentParser
import Fleet
import Recipes
import Run
import Steering
import Text

struct Resources: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show and edit the resources that leases may name.",
        discussion: "FQDN, CPU and MEMMB in a name or a total stand for facts of the host that runs a job.",
        subcommands: [List.self, Add.self, Remove.self, Hold.self, Release.self])

    func run() throws { throw Complaint.failed(.usage, "no verb; switchmanctl resources --help lists them") }

    struct List: FleetVerb {
        static let configuration = CommandConfiguration(abstract: "List the resources in the order of their queues.")
        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var printing: PrintingOption

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let data = try await fleet.fleetData()
            if printing.json {
                let resources = data.resources.map { resource in
                    JSONValue.object([
                        "resource": .string(resource), "total": data.totals[ExactName(resource)] ?? .null,
                        "hold": data.pauses.holds[ExactName(resource)]?.shownJSON ?? .null,
                    ])
                }
                Screen.print(.object(["resources": .array(resources)]))
                return .yes
            }
            var table = Table([
                Table.Column("RESOURCE", narrowest: 12), Table.Column("TOTAL", narrowest: 5),
                Table.Column("HELD", narrowest: 4),
            ])
            table.rows = data.resources.map { resource in
                let total = data.totals[ExactName(resource)]
                let hold = data.pauses.holds[ExactName(resource)].map(PauseLines.adverb)
                return [
                    Table.Cell(resource), Table.Cell(total.map { $0.string ?? $0.text } ?? "-"),
                    hold.map { Table.Cell($0, .warning) } ?? "-",
                ]
            }
            Screen.print(table)
            return .yes
        }
    }

    struct Add: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Add a resource, at the end of the order; or declare another total.")
        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var total: TotalOption
        @Argument(help: "The resource's name.", completion: NameCompletion.resources) var resource: String

        func check() throws {
            try NameCheck.resource(resource)
            _ = try total.value()
        }

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let value = try total.value()
            var before: FleetData?
            try await FleetEditor(fleet: fleet).edit { edit in
                before = before ?? edit.fleet
                edit.addResource(resource, total: value)
            }
            if let before { NameSlips.warn(ofResource: resource, in: before) }
            return .yes
        }
    }

    struct Remove: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Remove a resource and its declared total.",
            discussion: """
                What holds a lease of it goes on; a run that asks for one from now on ends with 65. A resource that is held is not \
                removed: release it first.
                """)
        @OptionGroup var configuration: ConfigurationOption
        @Argument(help: "The resource's name.", completion: NameCompletion.resources) var resource: String

        func check() throws { try NameCheck.resource(resource) }

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            try await FleetEditor(fleet: fleet).edit { edit in
                try NameSlips.hinting(at: resource, &edit) { try $0.removeResource(resource) }
            }
            return .yes
        }
    }
}

/// How many permits there are in all.
struct TotalOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The permits there are in all: a number, or arithmetic such as CPU-1.", valueName: "total"))
    var total: String?

    func value() throws -> JSONValue? { try total.map { try Self.parse($0, of: "--total") } }

    /// - Parameter option: for the message.
    static func parse(_ text: String, of option: String) throws(EditError) -> JSONValue {
        do throws(LeaseError) {
            // Some host's facts: what is arithmetic on one is so on all, and only a plain number is kept as one.
            _ = try LeaseRequest.total(text, macros: Macros(fqdn: "FQDN", cpuCount: 64, memoryMB: 1 << 20))
        } catch {
            throw .usage("\(option) \(error.problem)")
        }
        return DigitText.parse(text).map { .integer($0) } ?? .string(text)
    }
}
