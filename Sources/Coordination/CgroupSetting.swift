/// Where the tree of a command is held: the key `cgroup`.
package enum CgroupSetting: Sendable, Equatable {
    /// In a cgroup below this process's own, where one can be made; else it is found by walking /proc.
    case auto
    case off
    /// In a cgroup below this folder of cgroup2, which somebody has delegated.
    case folder(String)

    /// As it is written.
    package var text: String {
        switch self {
        case .auto: "auto"
        case .off: "off"
        case .folder(let path): path
        }
    }

    package init?(text: String) {
        switch text {
        case "auto": self = .auto
        case "off": self = .off
        default:
            // As long as what is made below it has to fit into a path of the kernel's.
            guard text.hasPrefix("/"), text.utf8.count <= 900, !text.utf8.contains(0) else { return nil }
            self = .folder(text)
        }
    }
}
