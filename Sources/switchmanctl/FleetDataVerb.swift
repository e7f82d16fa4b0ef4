import ArgumentParser
import Fleet
import Invocation
import Recipes
import Run
import Steering

/// `fleet`: PREFIX's data as a whole, also where no run can read it any more.
struct FleetDataVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Show, edit, restore the fleet's data as a whole.",
        discussion: "For what groups, resources, pause and drain do not cover, and when somebody has broken the data.",
        subcommands: [Show.self, Edit.self, Restore.self, Undo.self])

    func run() throws { throw Complaint.failed(.usage, "no verb; switchmanctl fleet --help lists them") }

    struct Show: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Print the fleet's data.",
            discussion: "The exit code is 65 if no run can read it, and the reason is said; it is printed all the same."
        )
        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var printing: PrintingOption

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let bytes = try await fleet.prefixBytes()
            if printing.json {
                _ = try fleet.edit(of: bytes)
                Screen.print((try? JSONValue.parse(bytes, keepsNumbers: true)) ?? .object([:]))
                return .yes
            }
            Screen.print(EditableData.text(of: bytes, forTerminal: Screen.isTerminal))
            _ = try fleet.edit(of: bytes)
            return .yes
        }
    }

    struct Edit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Edit the fleet's data with $VISUAL or $EDITOR, or take it from a file.",
            discussion: """
                It is checked before it is written, and not written if somebody has changed the data meanwhile; then the \
                edited file is kept, and named.
                """)
        @OptionGroup var configuration: ConfigurationOption
        @Option(
            help: ArgumentHelp("Take it from this file; -: standard input.", valueName: "file"), completion: .file())
        var file: String?

        func run() throws {
            let blocked = Signals.block()
            let settings = try configuration.load()
            let found = try FleetConnection.open(settings) { try await $0.prefixBytes() }
            if let file { return try write(try EditableData.read(file), insteadOf: found, settings) }
            let draft = try Draft(EditableData.text(of: found, forTerminal: false))
            try edit(draft, found, settings, blocked)
            draft.remove()
        }

        private func edit(_ draft: Draft, _ found: [UInt8], _ settings: Configuration, _ blocked: UInt64) throws {
            do {
                try draft.edit(blocked: blocked)
                guard let edited = try draft.changes() else { return Screen.complain("nothing was changed") }
                try write(edited, insteadOf: found, settings)
            } catch {
                if (try? draft.changes()) != nil {
                    Screen.complain("what you have edited is kept: switchmanctl fleet edit --file \(draft.path)")
                } else {
                    draft.remove()
                }
                throw error
            }
        }

        private func write(_ edited: [UInt8], insteadOf found: [UInt8], _ settings: Configuration) throws {
            try FleetConnection.open(settings) { fleet in
                let edit: FleetEdit
                do throws(FleetDataError) {
                    edit = try FleetEdit(bytes: edited, nowMilliseconds: WallClock.milliseconds)
                } catch { throw Complaint.failed(.badData, "nothing was written: \(error.message)") }
                try await FleetEditor(fleet: fleet).replace(found, with: edit)
            }
        }
    }

    struct Restore: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Put the data back as switchmanctl's last edit left it.",
            discussion: """
                For data that something else has changed or broken since. Prints what differs now. The exit code is 1 if \
                nothing has changed it, or nothing is kept.
                """)
        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var printing: PrintingOption
        @Flag(help: "Print what would differ, and write nothing.") var dryRun = false

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let result = try await FleetRestore(fleet: fleet).perform(.afterEdit, isDry: dryRun)
            FleetDataVerb.report(result, fleet, "the edit of TIME left it", isDry: dryRun, printing)
            return .yes
        }
    }

    struct Undo: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Take back switchmanctl's last edit of the data.",
            discussion: """
                Any verb's: groups, resources, pause, drain, fleet. Prints what differs now; the same again makes the edit \
                anew. The exit code is 1 if something else has changed the data since, or nothing is kept.
                """)
        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var printing: PrintingOption
        @Flag(help: "Print what would differ, and write nothing.") var dryRun = false

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let result = try await FleetRestore(fleet: fleet).perform(.beforeEdit, isDry: dryRun)
            FleetDataVerb.report(result, fleet, "it was before the edit of TIME", isDry: dryRun, printing)
            return .yes
        }
    }

    private static func report(
        _ result: FleetRestore.Result, _ fleet: FleetConnection, _ state: String, isDry: Bool,
        _ printing: PrintingOption
    ) {
        let edited = ServerTime(milliseconds: result.edited)
        let changes = result.changes ?? ["what was there could not be read"]
        if printing.json {
            let lines = JSONValue.array(changes.map { .string($0) })
            return Screen.print(.object(["edited": .string(edited.utc), "changes": lines]))
        }
        let state = state.replacing("TIME", with: edited.local)
        let prefix = Visible.text(fleet.layout.prefix)
        Screen.print(["the data of \(prefix) \(isDry ? "would be" : "is") as \(state)"] + changes.map { "  \($0)" })
    }
}
