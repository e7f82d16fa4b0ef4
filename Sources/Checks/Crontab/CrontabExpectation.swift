import Invocation
import Recipes
import Text

/// A line of a crontab that starts a job again and again: somebody is expected to run it.
struct CrontabExpectation {
    /// File and line.
    let place: String
    let lockname: String
    let times: CrontabTimes
    /// By which cron goes: CRON_TZ of the crontab.
    let zone: String?
    /// By which the run's tick goes: CRON_TZ of its environment, or else TZ.
    let tickZone: String?
    let need: CrontabNeed
    let splay: Int64
    /// How long a run may wait for its lock and its permits, in seconds; nil: for ever.
    let longestWait: Int64?
    let minInterval: Int64?
    let oncePer: Period?
    /// What it comes after, and whether a run that failed counts.
    let after: EarlierJobs
    let retriesFailed: Bool
    /// When the file was written last, in seconds since the epoch, if that is known.
    let fileWritten: Int64?

    /// - Throws: why nobody can tell of the line whether it has run: it leaves no trace, or has no time.
    init(
        _ call: SwitchmanCall, _ entry: CrontabFile.Entry, place: String, fileWritten: Int64?
    ) throws(Objection) {
        let parsed: Arguments.Parsed
        do throws(UsageError) { parsed = try Arguments.parse(CrontabLine.filledWords(of: call)) } catch {
            throw Objection(problem: "switchman does not take the line: \(error.message)")
        }
        guard case .run(let arguments) = parsed else { throw Objection(problem: "it starts nothing") }
        let command = Array(call.words.suffix(arguments.command.count))
        let options = Array(call.words.dropFirst().dropLast(command.count))
        guard !arguments.isDryRun else { throw Objection(problem: "--dry-run starts nothing") }
        guard arguments.takesLock else { throw Objection(problem: "a run with --no-lock leaves no record") }
        guard let lockname = CrontabLine.lockname(arguments, command, options) else {
            throw Objection(problem: "its lockname is made by the shell")
        }
        guard
            let need = CrontabNeed(
                call, group: arguments.group, config: arguments.config, leases: arguments.leases, options: options,
                lockname: lockname)
        else { throw Objection(problem: "its fleet is chosen by the shell") }
        guard let times = entry.schedule.times else { throw Objection(problem: "it is due at each boot") }
        if times.isRandom { throw Objection(problem: "cron itself chooses its minute (~)") }
        if call.isConditional { throw Objection(problem: "it runs on a condition") }
        (self.place, self.lockname, self.times, self.need) = (place, lockname, times, need)
        (zone, tickZone) = CrontabZones.names(call, entry)
        // The C library opens what a zone names: whoever checks crontabs of others is not to wait for a file of theirs.
        for zone in [zone, tickZone].compactMap({ $0 })
        where zone.hasPrefix("/") || zone.hasPrefix(":") || zone.contains("..") {
            throw Objection(problem: "its time zone is a file's name")
        }
        splay = arguments.splay ?? 0
        (minInterval, oncePer) = (arguments.minInterval, arguments.oncePer)
        (after, retriesFailed) = (arguments.after ?? EarlierJobs(), arguments.retryFailed)
        self.fileWritten = fileWritten
        let leaseWait = arguments.leases.isEmpty ? Limit.seconds(0) : arguments.leaseWait ?? .forever
        longestWait =
            switch (arguments.wait ?? .seconds(0), leaseWait) {
            case (.seconds(let lock), .seconds(let permits)): lock.addedUp(with: permits)
            default: nil
            }
    }
}
