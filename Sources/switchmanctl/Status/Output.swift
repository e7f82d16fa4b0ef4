import ArgumentParser
import Coordination
import Fleet
import Recipes
import Run
import Steering
import Text

struct Output: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show the end of what a job's last failed run has written.",
        discussion: """
            It is there if that run had --keep-output. The first line says whose output it is; what follows is as it was \
            written, or, on a terminal, with ? for whatever would act on the terminal. The exit code is 1 if nothing is \
            kept.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @OptionGroup var lock: LockArgument

    func check() throws { try lock.check() }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let path = fleet.layout.output(lock.lockname)
        guard let node = try await fleet.ask([.get(path, watch: false)])[0].node() else {
            throw Complaint.no(try await absence(fleet))
        }
        guard let kept = KeptOutput(bytes: node.data) else {
            throw Complaint.failed(.badData, "\(path) is not the output of a run")
        }
        let text = OutputText(kept, of: lock.lockname, runs: try await runs(fleet))
        if printing.json {
            Screen.print(text.json)
        } else if Screen.isTerminal {
            Screen.print([text.header] + text.lines)
        } else {
            Screen.print(Array((text.header + "\n").utf8) + kept.bytes)
        }
        return .yes
    }

    private func absence(_ fleet: FleetConnection) async throws -> String {
        let name = lock.lockname
        let known = try await KnownJobs.read(fleet, ["jobs", "locks", "waiters", "runs", "outputs"])
            .known(with: [name], fleet)
        if known.contains(name) {
            return "no output of \(name) is kept; a run leaves it if it has --keep-output and fails"
        }
        return "nothing is known of \(name)" + NearestWord.hint(known.slip(name))
    }

    /// What has become of the job since: empty if nobody can tell.
    private func runs(_ fleet: FleetConnection) async throws -> [RunLine] {
        let name = lock.lockname
        do {
            let pair = try await fleet.pairs(of: [name])[0]
            let status = LockStatus(
                lockname: name,
                lock: pair.lock.map { (Contender(data: $0.data, stat: $0.stat), $0.stat.czxid) },
                record: pair.record.flatMap { JobRecord(bytes: $0.data) },
                recordWritten: pair.record?.stat.mtimeMilliseconds, waiting: [])
            return RunLine.of(status)
        } catch let interruption as Interruption {
            if case .signal = interruption { throw interruption }
            return []
        }
    }
}
