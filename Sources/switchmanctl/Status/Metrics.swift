import ArgumentParser
import Fleet
import Invocation
import Steering

struct Metrics: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Print the whole fleet's metrics, for Prometheus.",
        discussion: """
            For the textfile collector of one host: it is the same on all of them. Nothing is printed unless all could be \
            read. Docs/Metrics.md lists the metrics.
            """)

    @OptionGroup var configuration: ConfigurationOption

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let status = try await StatusReader(fleet: fleet, only: nil, watches: false).readWhole()
        Screen.print(FleetMetrics(status, readMilliseconds: WallClock.milliseconds).text)
        return .yes
    }
}
