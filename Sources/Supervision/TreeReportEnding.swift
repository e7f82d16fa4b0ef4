import CSupervision
package import Coordination

extension TreeReport.Ending {
    /// Of the guardian's reasons, `SW_BY_...`.
    package init(causes: UInt32) {
        if causes & UInt32(SW_BY_DEADLINE | SW_BY_LOSS) != 0 {
            self = .deadline
        } else if causes & UInt32(SW_BY_REQUEST | SW_BY_EXIT) != 0 {
            self = .requested
        } else {
            self = causes & UInt32(SW_BY_SIGNAL) != 0 ? .escalation : .none
        }
    }
}
