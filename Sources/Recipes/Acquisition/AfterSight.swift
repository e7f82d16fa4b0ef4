/// `--after`: whether the jobs that this one comes after have succeeded since.
struct AfterSight {
    /// Their newest successes, as they were read last: what a take writes down.
    var seen: [Generation] = []
    /// Why the run is not ready, in a sentence.
    var sentence: String?
    /// Of which there is no record.
    var missing: [String] = []
    /// What had been consumed when this run looked first. Nil before that.
    var atFirst: [Generation]?
}
