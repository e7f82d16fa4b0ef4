/// What a line of a crontab needs of the fleet's data: a group, and resources; and the name that a pause would have.
package struct CrontabNeed {
    /// The fleet that a line's run would belong to.
    package struct Fleet: Hashable, Sendable {
        /// The line's own configuration file; nil if it names none.
        package let config: String?
        /// The line's own SWITCHMAN_ variables, which go before that file.
        package let environment: [String: String]
    }

    let fleet: Fleet
    let group: String?
    /// As written.
    let leases: [String]

    /// Nil if only the shell knows it.
    let lockname: String?
    /// Nothing has to be in the data for the line's run to start.
    var isEmpty: Bool { group == nil && leases.isEmpty }

    /// Nil if only the shell knows the fleet.
    ///
    /// - Parameter lockname: nil if only the shell knows it, and the option's value is not among `options`.
    init?(
        _ call: SwitchmanCall, group: String?, config: String?, leases: [String], options: [ShellWord],
        lockname: String? = nil
    ) {
        /// Whether the value stands in the line, and the shell puts nothing into it.
        func isCertain(_ value: String) -> Bool {
            options.contains { !$0.isDynamic && $0.bytes.reversed().starts(with: value.utf8.reversed()) }
        }
        let own = call.environment.filter { $0.key.starts(with: "SWITCHMAN_".utf8) }
        guard config.map(isCertain) ?? true, !own.values.contains(where: { $0.contains(0) }) else { return nil }
        // Two names that are no text may become the same one.
        var environment = Dictionary(
            own.map { (String(decoding: $0.key, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)) },
            uniquingKeysWith: { first, _ in first })
        let named = environment.removeValue(forKey: "SWITCHMAN_CONFIG").flatMap { $0.isEmpty ? nil : $0 }
        fleet = Fleet(config: config ?? named, environment: environment)
        self.group = group.flatMap { isCertain($0) ? $0 : nil }
        self.leases = leases.filter(isCertain)
        self.lockname = lockname
    }
}
