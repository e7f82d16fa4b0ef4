import Host

/// What is on the host that checks.
package struct CrontabHost {
    /// Whether a file is an executable program.
    let isExecutable: (String) -> Bool
    /// Whether a file is there.
    let isThere: (String) -> Bool
    /// Where switchman may have been installed.
    let folders: [String]
    /// The configuration of lines that name none.
    let configuration: String

    package init(
        folders: [String], configuration: String = Configuration.defaultPath,
        isThere: @escaping (String) -> Bool = { _ in true }, isExecutable: @escaping (String) -> Bool
    ) {
        (self.folders, self.configuration) = (folders, configuration)
        (self.isThere, self.isExecutable) = (isThere, isExecutable)
    }
}
