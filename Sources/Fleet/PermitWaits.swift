import Recipes
import Steering

/// The runs of one job that stand in queues for permits, first come first.
struct PermitWaits: Sendable, Equatable {
    struct Run: Sendable, Equatable {
        /// Who made its first place, and when.
        let contender: Contender
        /// Those that it wants permits of.
        var resources: [String] = []
    }

    private(set) var runs: [Run] = []

    /// Those of each job for which a run waits. A run has one session, and a place in the queue of each resource that it wants.
    static func ofJobs(in resources: [ResourceStatus]) -> [ExactName: PermitWaits] {
        var runs: [ExactName: [Int64: Run]] = [:]
        for resource in resources {
            for waiter in resource.queue {
                let job = ExactName(waiter.lockname)
                var run = runs[job]?[waiter.contender.session] ?? Run(contender: waiter.contender)
                // Somebody may have made two places in one queue.
                if run.resources.last.map({ !$0.isSameName(as: resource.resource) }) ?? true {
                    run.resources.append(resource.resource)
                }
                runs[job, default: [:]][waiter.contender.session] = run
            }
        }
        return runs.mapValues { runs in
            PermitWaits(
                runs: runs.values.sorted {
                    ($0.contender.since.milliseconds, $0.contender.session)
                        < ($1.contender.since.milliseconds, $1.contender.session)
                })
        }
    }
}
