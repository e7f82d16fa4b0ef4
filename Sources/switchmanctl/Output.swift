import ArgumentParser
import Coordination
import Fleet
import Recipes
import Run
import Steering

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
        let text = OutputText(kept, of: lock.lockname)
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
        let lists = try await fleet.ask(
            ["jobs", "locks", "outputs"].map { .children("\(fleet.layout.prefix)/\($0)", watch: false) })
        let known = Set(try lists.flatMap { try $0.children() }.map { ExactName($0) })
        if known.contains(ExactName(name)) {
            return "no output of \(name) is kept; a run leaves it if it has --keep-output and fails"
        }
        let meant = NearestWord.slip(name, among: known.sorted().prefix(Self.mostNames).map(\.text))
        return "nothing is known of \(name)"
            + (meant.map { "; did you mean \"\(Excerpt.of($0, longest: 255))\"?" } ?? "")
    }

    /// What comparing more would cost is not worth it.
    private static let mostNames = 10_000
}
