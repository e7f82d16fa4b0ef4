import ArgumentParser
import Coordination
import Fleet
import Recipes
import Run
import Steering
import Text

struct History: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show the last runs of one job, or of all.",
        discussion: """
            Up to ten runs of each job are remembered. Times are those of ZooKeeper's clock. With LOCKNAME the exit \
            code is 1 if nothing is known of it.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @Argument(help: "Only this job.", completion: NameCompletion.jobs) var lockname: String?

    func check() throws {
        if let lockname { _ = try LockName(bytes: Array(lockname.utf8)) }
    }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let layout = fleet.layout
        var names = [lockname].compactMap(\.self)
        if lockname == nil {
            let lists = try await fleet.ask(
                ["jobs", "locks", "runs"].map { .children("\(layout.prefix)/\($0)", watch: false) })
            let all = try lists.flatMap { try $0.children() }
            names = Set(all.map { ExactName($0) }).sorted().map(\.text)
        }
        var runs: [RunLine] = []
        var unreadable: [String] = []
        let unlocked = try await fleet.unlockedRuns(of: names)
        for (name, pair) in zip(names, try await fleet.pairs(of: names)) {
            let (lock, node) = (pair.lock, pair.record)
            let record = node.flatMap { JobRecord(bytes: $0.data) }
            if node != nil, record == nil { unreadable.append(layout.record(name)) }
            let status = LockStatus(
                lockname: name,
                lock: lock.map { (Contender(data: $0.data, stat: $0.stat), $0.stat.czxid) },
                record: JobRecord.remembering(unlocked[ExactName(name)] ?? [], beside: record),
                recordWritten: node?.stat.mtimeMilliseconds, waiting: [])
            runs += RunLine.of(status)
        }
        if lockname == nil { runs.sort { $0.start ?? 0 < $1.start ?? 0 } }
        if printing.json {
            Screen.print(.object(["runs": .array(runs.map(\.json))]))
        } else if !runs.isEmpty {
            Screen.print(RunLine.table(runs))
        }
        if let first = unreadable.first {
            let what =
                unreadable.count == 1
                ? "\(first) is not a job's record; none of its runs starts until it is deleted"
                : "\(first) and \(unreadable.count - 1) more are no jobs' records; none of their runs starts until they are "
                    + "deleted"
            throw Complaint.failed(.badData, what)
        }
        if runs.isEmpty, let lockname {
            let reader = StatusReader(fleet: fleet, only: lockname, watches: false)
            if let line = try await reader.readLine()?.lineSentence {
                throw Complaint.no("no run of \(lockname) is remembered; \(line)")
            }
            throw Complaint.no("nothing is known of \(lockname)" + (try await KnownJobs.hint(at: lockname, fleet)))
        }
        return .yes
    }
}
