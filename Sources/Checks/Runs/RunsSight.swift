package import Steering

/// What a check got to see of a fleet's jobs.
package enum RunsSight: Sendable {
    /// - Parameters:
    ///   - nowMilliseconds: by `clock`, since the epoch.
    ///   - hasOriginals: whether runs may go unseen, since originals write no record.
    case read(FleetStatus, nowMilliseconds: Int64, clock: JobSight.Clock, hasOriginals: Bool)
    /// Not readable, and why.
    case failed(Severity, String)
}
