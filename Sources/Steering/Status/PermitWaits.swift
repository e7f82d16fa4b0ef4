package import Text

/// The runs of one job that stand in queues for permits, first come first.
package struct PermitWaits: Sendable, Equatable {
    package struct Run: Sendable, Equatable {
        /// Who made its first place, and when.
        package let contender: Contender
        /// Those that it wants permits of.
        package fileprivate(set) var resources: [String] = []
    }

    package private(set) var runs: [Run] = []

    package init() {}

    /// - Parameter places: of one job: who stands in the queue of each resource. A run has one session, and a place in the queue of
    ///   each resource that it wants.
    package init(_ places: [(resource: String, contender: Contender)]) {
        var runs: [Int64: Run] = [:]
        for (resource, contender) in places {
            var run = runs[contender.session] ?? Run(contender: contender)
            // Somebody may have made two places in one queue.
            if run.resources.last.map({ !$0.isSameName(as: resource) }) ?? true { run.resources.append(resource) }
            runs[contender.session] = run
        }
        self.runs = runs.values.sorted {
            ($0.contender.since.milliseconds, $0.contender.session)
                < ($1.contender.since.milliseconds, $1.contender.session)
        }
    }

    /// Those of each job for which a run waits.
    package static func ofJobs(in resources: [ResourceStatus]) -> [ExactName: PermitWaits] {
        var places: [ExactName: [(String, Contender)]] = [:]
        for resource in resources {
            for waiter in resource.queue {
                places[ExactName(waiter.lockname), default: []].append((resource.resource, waiter.contender))
            }
        }
        return places.mapValues { PermitWaits($0) }
    }
}
