/// What is counted. Names, types and texts are the same in every file: node_exporter refuses a directory in which they differ.
enum MetricFamily: String, CaseIterable {
    case runs = "switchman_runs_total"
    case successes = "switchman_successes_total"
    case skips = "switchman_skips_total"
    case losses = "switchman_losses_total"
    case kills = "switchman_kills_total"
    case waited = "switchman_waited_seconds"
    case held = "switchman_held_seconds"
    case lastRun = "switchman_last_run_timestamp_seconds"
    case lastSuccess = "switchman_last_success_timestamp_seconds"

    var type: String {
        switch self {
        case .runs, .successes, .skips, .losses, .kills: "counter"
        case .waited, .held: "summary"
        case .lastRun, .lastSuccess: "gauge"
        }
    }

    /// What stands behind the name in each of its series.
    var suffixes: [String] { type == "summary" ? ["_sum", "_count"] : [""] }

    /// The label beside the lockname.
    var label: String? {
        switch self {
        case .runs: "outcome"
        case .skips: "reason"
        default: nil
        }
    }

    var help: String {
        switch self {
        case .runs: "Runs that were not skipped, by outcome."
        case .successes: "Runs whose command exited with 0, or with a code of --success."
        case .skips: "Runs that were skipped, by reason."
        case .losses: "Runs that lost their ownership, or could no longer prove it."
        case .kills: "Commands that were ended for a loss, an operator, a group or a timeout."
        case .waited: "Time from the first question to ZooKeeper to the take of lock and permits."
        case .held: "Time from the start of a command to the release."
        case .lastRun: "When the last run ended that was not skipped."
        case .lastSuccess: "When the last run ended that was a success."
        }
    }
}
