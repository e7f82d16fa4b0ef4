package import Recipes

/// What a check got to see of the fleet's data.
package enum FleetSight: Sendable {
    case read(FleetData)
    /// Not readable, and why; the severity is for a check that has something else to say.
    case failed(Severity, String)
}
