import Recipes
import Text

/// The whole fleet in Prometheus's text format, from what `status` reads. All metrics are gauges.
///
/// Ages are told as the time at which they began, as Prometheus's naming advice has it: they are right however old the text is.
/// https://prometheus.io/docs/practices/instrumentation/#timestamps-not-time-since
package struct FleetMetrics {
    private let prefix: String
    private var series: [FleetMetricFamily: [String]] = [:]

    /// - Parameter readMilliseconds: when the status was read, by this host's clock, since the epoch.
    package init(_ status: FleetStatus, readMilliseconds: Int64) {
        prefix = MetricText.label("prefix", status.prefix)
        for lock in status.locks { add(lock, JobHealth(lock, nowMilliseconds: readMilliseconds)) }
        for resource in status.resources { add(resource) }
        add(.read, "", Self.seconds(readMilliseconds))
    }

    package var text: String {
        FleetMetricFamily.allCases.compactMap { family in
            series[family].map { lines in
                MetricText.heading(family.rawValue, help: family.help, type: "gauge") + lines.joined()
            }
        }.joined()
    }

    private mutating func add(_ lock: LockStatus, _ health: JobHealth) {
        let label = "," + MetricText.label("lockname", lock.lockname)
        let runs = lock.record?.runs ?? []
        add(.lastStart, label, lock.lastStart.map(Self.seconds))
        let success = lock.record?.lastSuccess
        add(.lastSuccess, label, (success?.ended ?? success?.started).map(Self.seconds))
        // What an operator has ended is neither.
        let judged = runs.last { RunMark($0) != .stopped }
        add(.lastRunSuccess, label, judged.map { $0.hasSucceeded ? 1 : 0 })
        add(.lastCode, label, runs.last?.code.map { Double($0) })
        add(.lastDuration, label, runs.last?.heldMilliseconds.map(Self.seconds))
        add(.heldSince, label, (lock.holder?.since.milliseconds).map(Self.seconds))
        add(.waiting, label, Double(lock.waiting.count))
        add(.waitingSince, label, (lock.waiting.first?.since.milliseconds).map(Self.seconds))
        add(.paused, label, lock.isPaused ? 1 : 0)
        add(.lost, label, lock.state == .lost ? 1 : 0)
        add(.late, label, health.lateFrom.map { _ in health.isLate ? 1 : 0 })
        add(.lateFrom, label, health.lateFrom.map(Self.seconds))
    }

    private mutating func add(_ resource: ResourceStatus) {
        let label = "," + MetricText.label("resource", resource.resource)
        add(.permitsUsed, label, Double(resource.used))
        add(.permitsOrphaned, label, Double(resource.orphaned))
        add(.permitsTotal, label, resource.total.map { Double($0) })
        add(.queueLength, label, Double(resource.queue.count))
        add(.queuedSince, label, (resource.queue.first?.contender.since.milliseconds).map(Self.seconds))
    }

    private mutating func add(_ family: FleetMetricFamily, _ label: String, _ value: Double?) {
        guard let value else { return }
        series[family, default: []].append("\(family.rawValue){\(prefix)\(label)} \(MetricText.number(value))\n")
    }

    private static func seconds(_ milliseconds: Int64) -> Double { Double(milliseconds) / 1000 }
}
