import CSupervision
package import Coordination
import Glibc
import POSIX

/// Whether a run's tree is held in a cgroup of its own, and if not, why (cgroups(7), version 2).
package struct CgroupFinding: Sendable, Equatable {
    package let isMade: Bool
    /// Whether a later run on this host finds it, should all three of this one's processes be killed.
    package let isRegistered: Bool
    /// One line, without a full stop: the cgroup's folder, or the step that failed and its error.
    package let text: String

    /// Of this run, after the fork.
    package static func ofThisRun() -> CgroupFinding {
        var finding = sw_cgroup_finding()
        unsafe sw_cgroup_found(&finding)
        return CgroupFinding(finding)
    }

    /// Makes one as a run would, and removes it.
    package static func probe(_ setting: CgroupSetting) -> CgroupFinding {
        var finding = sw_cgroup_finding()
        unsafe sw_cgroup_probe(setting.text, &finding)
        return CgroupFinding(finding)
    }

    package static let unregistered =
        "there is no folder to register it in (XDG_RUNTIME_DIR), so nobody kills what is left there if all of switchman's "
        + "processes are killed"

    private init(_ finding: sw_cgroup_finding) {
        var finding = finding
        let path = unsafe withUnsafeBytes(of: &finding.path) { raw in
            unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        let error = String(errno: finding.error)
        isMade = finding.step == SW_CGROUP_MADE
        isRegistered = finding.is_registered
        text =
            switch finding.step {
            case SW_CGROUP_MADE: path + (finding.is_registered ? "" : "; " + Self.unregistered)
            case SW_CGROUP_OFF: "the configuration says off"
            case SW_CGROUP_OWN_PATH where finding.error == EXDEV:
                "this process's own cgroup, \(path), is outside of its cgroup namespace"
            case SW_CGROUP_OWN_PATH: "\(path) names no cgroup of version 2: \(error)"
            case SW_CGROUP_MOUNT: "no mount of cgroup2 shows \(path): \(error)"
            case SW_CGROUP_FOLDER where finding.error == EMEDIUMTYPE: "\(path) is no folder of cgroup2"
            case SW_CGROUP_FOLDER: "\(path) cannot be opened: \(error)"
            case SW_CGROUP_MAKE: "\(path) cannot be made: \(error)"
            case SW_CGROUP_KILL: "\(path) has no cgroup.kill (Linux 5.14 or newer): \(error)"
            case SW_CGROUP_LOCK: "\(path) cannot be locked: \(error)"
            default: "no process may be moved there; \(path) cannot be written: \(error)"
            }
    }
}
