import ArgumentParser
import Fleet
import Host
import Invocation
import Recipes
import Run
import Steering
import Text

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
                edited file is kept, and named. Prints what differs now.
                """)
        @OptionGroup var configuration: ConfigurationOption
        @Option(
            help: ArgumentHelp("Take it from this file; -: standard input.", valueName: "file"), completion: .file())
        var file: String?
        @Option(
            help: ArgumentHelp(
                "Only if the data is still as it was at this zxid, which a message of this verb has named.",
                valueName: "zxid"))
        var over: String?

        func run() throws {
            // Before the signals are blocked: it may be a pipe that says nothing.
            let given = try file.map { try EditableData.read($0) }
            let blocked = Signals.block()
            let settings = try configuration.load()
            var base = try FleetConnection.open(settings) { try await $0.dataState() }
            if let over {
                guard let zxid = Int64(over, radix: 16) else {
                    throw Complaint.failed(.usage, "invalid value \"\(Excerpt.of(over))\" for --over: expected a zxid")
                }
                base.mzxid = zxid
            }
            if let given { return try write(given, over: base, settings) }
            let draft = try Draft(EditableData.text(of: base.bytes, forTerminal: false))
            try edit(draft, base, settings, blocked)
            draft.remove()
        }

        private func edit(
            _ draft: Draft, _ base: FleetConnection.DataState, _ settings: Configuration, _ blocked: UInt64
        ) throws {
            do {
                try draft.edit(blocked: blocked)
                guard let edited = try draft.changes() else { return Screen.complain("nothing was changed") }
                try write(edited, over: base, settings)
            } catch {
                if draft.isUntouched {
                    draft.remove()
                } else {
                    Screen.complain(
                        "what you have edited is kept: switchmanctl fleet edit --over \(String(base.mzxid, radix: 16)) "
                            + "--file \(draft.path)")
                }
                throw error
            }
        }

        private func write(
            _ edited: [UInt8], over base: FleetConnection.DataState, _ settings: Configuration
        ) throws {
            // Pauses would end by it, and a pipe is empty when its writer has failed.
            if edited.isEmpty {
                throw Complaint.failed(.badData, "nothing was written: it is empty; to clear the data: {}")
            }
            let lines = try FleetConnection.open(settings) { fleet in
                let edit: FleetEdit
                do throws(FleetDataError) {
                    edit = try FleetEdit(bytes: edited, nowMilliseconds: WallClock.milliseconds)
                } catch { throw Complaint.failed(.badData, "nothing was written: \(error.problem)") }
                return try await FleetEditor(fleet: fleet).replace(stateOf: base.mzxid, with: edit)
            }
            Screen.print(lines)
        }
    }

    struct Restore: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Put the data back as switchmanctl's last edit left it.",
            discussion: """
                For data that something else has changed or broken since, or just before that edit. Prints what differs now. \
                The exit code is 1 if nothing has changed it, or nothing is kept.
                """)
        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var printing: PrintingOption
        @Flag(help: "Print what would differ, and write nothing.") var dryRun = false

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            try await FleetDataVerb.goBack(fleet, .afterEdit, isDry: dryRun, printing)
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
            try await FleetDataVerb.goBack(fleet, .beforeEdit, isDry: dryRun, printing)
        }
    }

    private static func goBack(
        _ fleet: FleetConnection, _ goal: FleetRestore.Goal, isDry: Bool, _ printing: PrintingOption
    ) async throws -> Answer {
        let result = try await FleetRestore(fleet: fleet).perform(goal, isDry: isDry)
        let edited = ServerTime(milliseconds: result.edited)
        if printing.json {
            let lines = JSONValue.array(result.changes.map { .string($0) })
            Screen.print(.object(["edited": .string(edited.utc), "changes": lines]))
            return .yes
        }
        let state =
            switch goal {
            case .afterEdit where result.isBeforeOthers:
                "the edit before that of \(edited.local) left it, and before something else changed it"
            case .afterEdit: "the edit of \(edited.local) left it"
            case .beforeEdit: "it was before the edit of \(edited.local)"
            }
        let prefix = Visible.text(fleet.layout.prefix)
        Screen.print(
            ["the data of \(prefix) \(isDry ? "would be" : "is") as \(state)"] + result.changes.map { "  \($0)" })
        return .yes
    }
}
