/// What `switchmanctl metrics` says of a fleet. The names differ from those that a host counts for itself (`MetricFamily`): the
/// textfile collector may read both.
enum FleetMetricFamily: String, CaseIterable {
    case lastStart = "switchman_job_last_start_timestamp_seconds"
    case lastSuccess = "switchman_job_last_success_timestamp_seconds"
    case lastRunSuccess = "switchman_job_last_run_success"
    case lastCode = "switchman_job_last_exit_code"
    case lastDuration = "switchman_job_last_duration_seconds"
    case heldSince = "switchman_job_held_since_timestamp_seconds"
    case waiting = "switchman_job_waiting"
    case waitingSince = "switchman_job_waiting_since_timestamp_seconds"
    case paused = "switchman_job_paused"
    case lost = "switchman_job_lost"
    case late = "switchman_job_late"
    case lateFrom = "switchman_job_late_from_timestamp_seconds"
    case permitsUsed = "switchman_resource_permits_used"
    case permitsOrphaned = "switchman_resource_permits_orphaned"
    case permitsTotal = "switchman_resource_permits_total"
    case queueLength = "switchman_resource_queue_length"
    case queuedSince = "switchman_resource_queued_since_timestamp_seconds"
    case read = "switchman_fleet_read_timestamp_seconds"

    var help: String {
        switch self {
        case .lastStart: "When the newest run started, by ZooKeeper's clock."
        case .lastSuccess: "When the newest run ended that succeeded."
        case .lastRunSuccess: "Whether the newest run that has ended succeeded; what an operator ended is not counted."
        case .lastCode: "The exit code of the newest run that has ended."
        case .lastDuration: "How long the newest run that has ended held its lock."
        case .heldSince: "Since when the lock is held; absent while nobody holds it."
        case .waiting: "Runs that wait for the lock."
        case .waitingSince: "Since when the first of those has waited; absent if none waits."
        case .paused: "Whether no run may start, since the job or all jobs are paused."
        case .lost: "Whether the holder vanished, and nobody has started the job since."
        case .late: "Whether nobody has started the job for a whole period of its --once-per; absent if it has none."
        case .lateFrom: "From when on the job is late if nobody starts it; absent if it has no --once-per."
        case .permitsUsed: "Permits that are leased."
        case .permitsOrphaned: "Permits that are held back for holders that were lost."
        case .permitsTotal: "Permits that there are; absent if nobody has said how many."
        case .queueLength: "Runs that wait for permits."
        case .queuedSince: "Since when the first of those has waited; absent if none waits."
        case .read: "When all of this was read, by the clock of the host that did."
        }
    }
}
