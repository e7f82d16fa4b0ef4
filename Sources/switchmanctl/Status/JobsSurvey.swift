import Checks
import Fleet
import Host
import Invocation

/// Reads all jobs of a fleet, as `status` does, for a check that may have other fleets to ask.
enum JobsSurvey {
    static func ask(_ settings: Configuration) throws -> RunsSight {
        do {
            return try FleetConnection.open(settings.withPatienceOfAChecker) { fleet in
                // Then every run ends with 65, and what is late says too little.
                _ = try await fleet.fleetDataForRuns()
                let status = try await StatusReader(fleet: fleet, only: nil, watches: false).readWhole()
                let (now, clock) = try await fleet.now()
                return .read(
                    status, nowMilliseconds: now, clock: clock, hasOriginals: fleet.settings.mixedFleet)
            }
        } catch {
            // A signal is nobody's finding.
            guard case .failed(_, let why)? = Complaint(error) else { throw error }
            return .failed(.unknown, why)
        }
    }
}
