import ArgumentParser
import Coordination
import Fleet
import Recipes
import Run
import Steering
import Text

struct Groups: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show and edit the groups of hosts.",
        discussion: "A member that is a group's name stands for that group's hosts.",
        subcommands: [List.self, Show.self, Add.self, Remove.self])

    func run() throws { throw Complaint.failed(.usage, "no verb; switchmanctl groups --help lists them") }

    struct List: FleetVerb {
        static let configuration = CommandConfiguration(abstract: "List all groups with their hosts.")
        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var printing: PrintingOption

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let data = try await fleet.fleetData()
            if printing.json {
                Screen.print(.object(["groups": data.groupsJSON]))
            } else {
                Screen.print(FleetStatus.groupTable(data))
            }
            return .yes
        }
    }

    struct Show: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "List one group's hosts, a line each.",
            discussion: "The exit code is 1 if there is no such group.")
        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var printing: PrintingOption
        @Argument(help: "The group's name.", completion: NameCompletion.groups) var group: String

        func check() throws { try NameCheck.group(group) }

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let data = try await fleet.fleetData()
            guard let members = data.groups[ExactName(group)] else {
                let known = data.groups.keys.sorted().map(\.text)
                throw EditError.refused(
                    "there is no group \(group); switchmanctl groups list shows those there are"
                        + NearestWord.hint(NearestWord.slip(group, among: known)))
            }
            let hosts = data.hosts(of: ExactName(group))
            if printing.json {
                Screen.print(
                    .object([
                        "group": .string(group), "members": .array(members.map { .string($0) }),
                        "hosts": .array(hosts.map { .string($0) }),
                    ]))
            } else {
                Screen.print(hosts.map(Visible.text))
            }
            return .yes
        }
    }

    struct Add: FleetVerb {
        static let configuration = CommandConfiguration(abstract: "Add hosts to a group; make it if there is none.")
        @OptionGroup var configuration: ConfigurationOption
        @Argument(help: "The group's name.", completion: NameCompletion.groups) var group: String
        @Argument(
            help: "Hosts' full names, patterns with * and ?, or other groups' names.", completion: NameCompletion.hosts)
        var hosts: [String]

        func check() throws {
            try NameCheck.group(group)
            for host in hosts { try NameCheck.hosts(host) }
        }

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            let before = try await fleet.fleetData()
            try await FleetEditor(fleet: fleet).edit { $0.addGroup(group, members: hosts) }
            try await NameSlips(fleet: fleet).warn(ofGroups: [(group, hosts)], in: before)
            return .yes
        }
    }

    struct Remove: FleetVerb {
        static let configuration = CommandConfiguration(
            abstract: "Remove hosts from a group; without HOST, the group itself.",
            discussion: """
                Commands that were started for this group on a host that leaves it are ended. A group that has lost \
                its last host stays, and nobody is in it.
                """)
        @OptionGroup var configuration: ConfigurationOption
        @Argument(help: "The group's name.", completion: NameCompletion.groups) var group: String
        @Argument(help: "Its members, as they were added.", completion: NameCompletion.hosts) var hosts: [String] = []

        func check() throws {
            try NameCheck.group(group)
            for host in hosts { try NameCheck.hosts(host) }
        }

        func perform(_ fleet: FleetConnection) async throws -> Answer {
            try await FleetEditor(fleet: fleet).edit { edit in
                let groups = edit.fleet.groups
                let isKnown = groups[ExactName(group)] != nil
                try NameSlips.hinting(
                    at: isKnown ? hosts : [group],
                    among: groups[ExactName(group)] ?? groups.keys.sorted().map(\.text)
                ) { try edit.removeGroup(group, members: hosts) }
            }
            return .yes
        }
    }
}
