import ArgumentParser
import Coordination
import Recipes
import Steering

struct Status: FleetVerb {
    static let configuration = CommandConfiguration(abstract: "Show locks, resources and groups.")

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption

    @Argument(help: "Only this lock.") var lockname: String?

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        _ = try await fleet.fleetData()
        let locks = try await fleet.talk.askAgain([.children("\(fleet.layout.prefix)/locks", watch: false)])[0]
            .children()
        Screen.print(.object(["locks": .array(locks.map { .string($0) })]))
        return .yes
    }
}
