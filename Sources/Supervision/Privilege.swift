internal import CLinux
import Glibc

/// Rights that come from the program's file instead of from who runs it: set-user-ID, set-group-ID, file capabilities.
///
/// The caller names the configuration, the command and the hooks, so all that it may do would be anybody's.
package enum Privilege {
    /// Why this process is to do nothing at all; nil if it may.
    package static var objection: String? {
        let origin: String
        if getuid() != geteuid() || getgid() != getegid() {
            origin = "set-user-ID or set-group-ID"
        } else if sw_has_capabilities_of_file() {
            origin = "file capabilities, see getcap(8)"
        } else {
            return nil
        }
        return
            "this program's file gives it rights that its caller does not have (\(origin)), for any command of any caller; "
            + "remove them from the file, and use sudo instead"
    }
}
