import Recipes
import Text

/// The status of one name, which is a lock's, a resource's, or a host's.
extension FleetStatus {
    /// What a name stands for that is not (only) a lock's.
    enum Subject: Sendable {
        case resource(ResourceStatus)
        case host(String)
    }

    /// Only what concerns the resource of that name, with the lock of that name if there is one, or the host of that name. Nil if
    /// there is none of the two.
    package func narrowed(to name: String) -> FleetStatus? {
        if let resource = resources.first(where: { $0.resource.isSameName(as: name) }) {
            let lock = locks.first { $0.lockname.isSameName(as: name) && (!$0.isUnknown || $0.isWorthShowing) }
            return FleetStatus(
                prefix: prefix, fleet: fleet, locks: lock.map { [$0] } ?? [], resources: [resource], only: lock,
                subject: .resource(resource), holders: locks, dataError: dataError)
        }
        guard knows(host: name) else { return nil }
        return FleetStatus(
            prefix: prefix, fleet: fleet, locks: locks.filter { $0.names(host: name) },
            resources: resources.filter { $0.names(host: name) }, subject: .host(name), holders: locks,
            dataError: dataError)
    }

    /// Nobody knows of a lock, a resource or a host of that name.
    package var isOfNothing: Bool { subject == nil && only?.isUnknown ?? false }

    /// Whether what was asked for is held, in use, or runs something.
    package var isHeld: Bool {
        let isLocked = locks.contains { $0.holder != nil }
        return switch subject {
        case nil: isLocked
        case .resource(let resource): isLocked || !resource.holders.isEmpty
        case .host(let host):
            locks.contains { $0.holder?.host.isSameName(as: host) ?? false }
                || resources.contains { $0.holders.contains { $0.contender.host.isSameName(as: host) } }
        }
    }

    /// The pauses, drains and holds that matter to what is shown, a line each.
    var pauseLines: [String] {
        switch subject {
        case nil: only.map { PauseLines.of(fleet.pauses, job: $0.lockname) } ?? PauseLines.of(fleet.pauses)
        case .resource(let resource):
            (only.map { PauseLines.of(fleet.pauses, job: $0.lockname) } ?? [])
                + PauseLines.of(fleet.pauses, holds: fleet.holds(on: resource.resource).map(\.entry))
        case .host(let host): PauseLines.of(fleet.pauses, host: host)
        }
    }
}
