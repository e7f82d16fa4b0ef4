import Recipes
import Text

/// Lines that come after others: what they name has to be there, and has to come to an end.
extension CrontabCheck {
    func brokenChains() -> [Finding] {
        var meetings = CrontabMeetings()
        return jobs.flatMap { job, place in
            let faults = job.after.names.compactMap { parent(of: job, named: $0) }
                .map { Finding(.warning, place, $0) }
            if let cycle = cycle(through: job) { return faults + [Finding(.warning, place, cycle)] }
            if !faults.isEmpty { return faults }
            return job.after.names.compactMap { name in
                chainTime(of: job, after: name, lines(of: name, config: job.config), &meetings).map {
                    Finding($0, place, $1)
                }
            }
        }
    }

    private func lines(of lockname: String, config: [UInt8]) -> [CrontabLine.Job] {
        jobs.map(\.job).filter { $0.config == config && $0.lockname.elementsEqual(lockname.utf8) }
    }

    private func parent(of job: CrontabLine.Job, named name: String) -> String? {
        let shown = Excerpt.of(name, longest: 255)
        let lines = lines(of: name, config: job.config)
        if lines.isEmpty {
            let names = jobs.map { String(decoding: $0.job.lockname, as: UTF8.self) }
            let nearest = NearestWord.slip(name, among: names).map { NearestWord.hint($0) }
            return
                "--after: no line here has the lockname \"\(shown)\"\(nearest ?? "; check its crontab together with this one")"
        }
        guard job.hasTicks, !lines.contains(where: \.hasTicks) else { return nil }
        return
            "--after: this line has --once-per and \"\(shown)\" has not, so that no success of it has a tick, and this line never "
            + "starts; add --once-per there"
    }

    /// That a job comes after itself, by way of others.
    private func cycle(through job: CrontabLine.Job) -> String? {
        let start = String(decoding: job.lockname, as: UTF8.self)
        var seen: Set<ExactName> = []
        func way(from job: CrontabLine.Job) -> [String]? {
            for name in job.after.names {
                if name.isSameName(as: start) { return [name] }
                guard seen.insert(ExactName(name)).inserted else { continue }
                for next in lines(of: name, config: job.config) {
                    if let rest = way(from: next) { return [name] + rest }
                }
            }
            return nil
        }
        guard let way = way(from: job) else { return nil }
        let names = ([start] + way).map { Excerpt.of($0, longest: 255) }.joined(separator: " after ")
        let forever = job.waitsForever ? "; --wait forever waits for ever" : ""
        return
            "--after: the jobs come after each other (\(names)), so that none starts before one is run by hand\(forever)"
    }
}
