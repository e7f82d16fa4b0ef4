package import Text

/// Holds: resources of which no permit is given out.
extension FleetData {
    /// The hold of a resource whose macros are replaced; nil if there is none. Of several, the one that lasts longest.
    package func hold(of resource: String, macros: Macros) -> PauseNote? {
        let holds = pauses.holds.sorted { $0.key < $1.key }.filter {
            macros.expand($0.key.text).isSameName(as: resource)
        }
        return holds.map(\.value).max { one, other in
            guard let end = one.until else { return false }
            return other.until.map { end < $0 } ?? true
        }
    }

    /// The holds of a resource, its name as on some host.
    package func holds(on resource: String) -> [(entry: String, note: PauseNote)] {
        sortedHolds.filter { Macros.pattern($0.entry, mayBecome: resource) }
    }

    /// The holds that may concern a resource on some host, its name with macros.
    package func holds(concerning resource: String) -> [(entry: String, note: PauseNote)] {
        sortedHolds.filter {
            Macros.pattern($0.entry, mayBecome: resource) || Macros.pattern(resource, mayBecome: $0.entry)
        }
    }

    private var sortedHolds: [(entry: String, note: PauseNote)] {
        pauses.holds.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) }
    }

    /// Whether a hold of that name can be of any resource there is: by its name in `resources`, or by what this is on some host.
    package func knowsResource(_ name: String) -> Bool { resources.contains { Macros.pattern($0, mayBecome: name) } }
}

extension FleetReader {
    /// The resources of this host that are held, as requests for one permit each.
    func held(_ fleet: FleetData) -> [LeaseRequest] {
        if fleet.pauses.holds.isEmpty { return [] }
        return fleet.orderedResources(macros: job.macros).compactMap { resource in
            fleet.hold(of: resource, macros: job.macros)
                .map { LeaseRequest(resource: resource, count: 1, total: 1).held(by: $0) }
        }
    }
}

extension LeaseRequest {
    /// With what the data of PREFIX says of its resource now.
    func held(by note: PauseNote?) -> LeaseRequest {
        var request = self
        request.hold = note
        return request
    }

    /// That its resource is held now, in a sentence; nil if it is not.
    ///
    /// - Parameter now: by this host's clock.
    func holdSentence(at now: TimeStamp) -> String? {
        guard let hold, hold.stands(at: now) else { return nil }
        return "\(Excerpt.of(resource, longest: 255)) is held\(hold.phrase())"
    }
}
