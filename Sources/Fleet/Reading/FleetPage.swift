import Invocation
import Steering
import Text

/// The fleet at one moment, as `switchman-web` shows it: documents for programs, and what has changed for a page.
///
/// It is public, and so is `FleetFeed`: the web server is a package of its own.
public struct FleetPage: Sendable {
    private let status: FleetStatus
    private let jobs: [ExactName: Part<JobPart>]
    private let resources: [ExactName: Part<ResourceStatus>]
    private let rest: String

    /// What a page is told of one thing, and what that is made of.
    private struct Part<Subject: Sendable & Equatable>: Equatable {
        let subject: Subject
        let text: String

        static func == (left: Part, right: Part) -> Bool { left.text == right.text }
    }

    /// - Parameter former: what is in it as it was is not made anew.
    init(_ status: FleetStatus, servers: String, after former: FleetPage?) {
        func parts<Subject>(
            _ subjects: [(ExactName, Subject)], _ former: [ExactName: Part<Subject>]?, make: (Subject) -> JSONValue
        ) -> [ExactName: Part<Subject>] {
            let parts = subjects.map { name, subject in
                let known = former?[name].flatMap { $0.subject == subject ? $0 : nil }
                return (name, known ?? Part(subject: subject, text: make(subject).plainText))
            }
            return Dictionary(parts, uniquingKeysWith: { $1 })
        }
        self.status = status
        jobs = parts(JobPart.all(in: status), former?.jobs) { $0.json }
        resources = parts(status.resources.map { (ExactName($0.resource), $0) }, former?.resources) {
            ResourcePart(resource: $0).json
        }
        let others = FleetStatus(
            prefix: status.prefix, fleet: status.fleet, locks: [], resources: [], dataError: status.dataError)
        guard case .object(var members) = others.json else { preconditionFailure("the status is no object") }
        (members["locks"], members["resources"]) = (nil, nil)
        members["servers"] = .string(servers)
        rest = JSONValue.object(members).plainText
    }

    /// What `switchmanctl status --json` prints.
    public var statusText: String { status.worthShowing.json.plainText + "\n" }

    /// Why no run can read the fleet's data: then its pauses and totals are unknown.
    public var dataError: String? { status.dataError }

    /// What `switchmanctl metrics` prints: what is shown is so now, however long it has been so.
    public var metricsText: String { FleetMetrics(status, readMilliseconds: WallClock.milliseconds).text }

    /// What `switchmanctl status NAME --json` and `history NAME --json` print, as `status` and `history` of one object; nil if
    /// nothing is known of such a job.
    public func jobText(_ name: String) -> String? {
        guard let lock = jobs[ExactName(name)]?.subject.lock else { return nil }
        let runs = RunLine.of(lock)
        let only = FleetStatus(
            prefix: status.prefix, fleet: status.fleet, locks: [lock], resources: [], only: lock,
            dataError: status.dataError)
        return JSONValue.object([
            "status": only.json, "history": .object(["runs": .array(runs.map(\.json))]),
        ]).plainText + "\n"
    }

    func runs(of name: String) -> [RunLine] { jobs[ExactName(name)].map { RunLine.of($0.subject.lock) } ?? [] }

    /// Everything that a page shows, in a line of JSON.
    public var wholeText: String { text(since: nil) }

    /// What differs from that moment, in a line of JSON; nil if nothing does.
    public func changes(since former: FleetPage) -> String? {
        let isSame = rest == former.rest && jobs == former.jobs && resources == former.resources
        return isSame ? nil : text(since: former)
    }

    private func text(since former: FleetPage?) -> String {
        func changed<Subject>(_ new: [ExactName: Part<Subject>], _ old: [ExactName: Part<Subject>]?) -> String {
            new.filter { old?[$0.key] != $0.value }.sorted { $0.key < $1.key }.map(\.value.text)
                .joined(separator: ",")
        }
        func gone<Subject>(_ new: [ExactName: Part<Subject>], _ old: [ExactName: Part<Subject>]?) -> String {
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
