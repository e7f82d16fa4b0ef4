import Recipes
import Run
import Steering

/// The fleet at one moment, as `switchman-web` shows it: documents for programs, and what has changed for a page.
///
/// It is public, and so is `FleetFeed`: the web server is a package of its own.
public struct FleetPage: Sendable {
    private let status: FleetStatus
    private let lockOf: [ExactName: LockStatus]
    private let jobs: [ExactName: String]
    private let resources: [ExactName: String]
    private let rest: String

    init(_ status: FleetStatus, servers: String) {
        self.status = status
        // A queue that was left empty is no job that anybody knows.
        let known = status.locks.filter { !$0.isUnknown || $0.isWorthShowing }
        lockOf = Dictionary(known.map { (ExactName($0.lockname), $0) }, uniquingKeysWith: { $1 })
        jobs = lockOf.mapValues { JobPart(lock: $0).json.plainText }
        resources = Dictionary(
            status.resources.map { (ExactName($0.resource), ResourcePart(resource: $0).json.plainText) },
            uniquingKeysWith: { $1 })
        guard case .object(var members) = status.json else { preconditionFailure("the status is no object") }
        (members["locks"], members["resources"]) = (nil, nil)
        members["servers"] = .string(servers)
        rest = JSONValue.object(members).plainText
    }

    /// What `switchmanctl status --json` prints.
    public var statusText: String { status.worthShowing.json.plainText + "\n" }

    /// What `switchmanctl status NAME --json` and `history NAME --json` print, as `status` and `history` of one object; nil if
    /// nothing is known of such a job.
    public func jobText(_ name: String) -> String? {
        guard let lock = lockOf[ExactName(name)] else { return nil }
        let runs = RunLine.of(lock)
        let only = FleetStatus(prefix: status.prefix, fleet: status.fleet, locks: [lock], resources: [], only: lock)
        return JSONValue.object([
            "status": only.json, "history": .object(["runs": .array(runs.map(\.json))]),
        ]).plainText + "\n"
    }

    /// Everything that a page shows, in a line of JSON.
    public var wholeText: String { text(since: nil) }

    /// What differs from that moment, in a line of JSON; nil if nothing does.
    public func changes(since former: FleetPage) -> String? {
        let isSame = rest == former.rest && jobs == former.jobs && resources == former.resources
        return isSame ? nil : text(since: former)
    }

    private func text(since former: FleetPage?) -> String {
        func changed(_ new: [ExactName: String], _ old: [ExactName: String]?) -> String {
            new.filter { old?[$0.key] != $0.value }.sorted { $0.key < $1.key }.map(\.value).joined(separator: ",")
        }
        func gone(_ new: [ExactName: String], _ old: [ExactName: String]?) -> String {
            JSONValue.array((old ?? [:]).keys.filter { new[$0] == nil }.sorted().map { .string($0.text) }).plainText
        }
        return """
            {"whole":\(former == nil),"fleet":\(rest),\
            "jobs":[\(changed(jobs, former?.jobs))],"gone_jobs":\(gone(jobs, former?.jobs)),\
            "resources":[\(changed(resources, former?.resources))],\
            "gone_resources":\(gone(resources, former?.resources))}
            """
    }
}
