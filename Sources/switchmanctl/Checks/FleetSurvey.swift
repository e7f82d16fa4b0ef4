import Checks
import Fleet
import Host
import Run

/// Reads the fleet's data for a check that has other things to say as well.
enum FleetSurvey {
    static func ask(_ settings: Configuration) throws -> FleetSight {
        do {
            return .read(try FleetConnection.open(settings.withPatienceOfAChecker) { try await $0.fleetDataForRuns() })
        } catch {
            // A signal is nobody's finding.
            guard case .failed(let outcome, let why)? = Complaint(error) else { throw error }
            return .failed(outcome == .badData ? .critical : .unknown, why)
        }
    }
}
