/// What is worth a line in the log on the way.
package enum Notice: Sendable, Equatable {
    /// The lock is held, and no record says by whom, also at a second look; who it is by what the lock's node says.
    case lockWithoutRecord(String, holder: String)
    case waitingForLock(String)
    /// So many places are before ours in the lock's queue.
    case waitingInLine(String, ahead: Int)
    /// So many runs are before this one in the queue of a resource; the lockname of the one just before.
    case waitingForPermits(LeaseRequest, ahead: Int, next: String)
    /// The place of another run of this job in a queue of permits.
    case waitingForNamesake(String)
    /// The jobs that it comes after have not succeeded yet: why, in a sentence.
    case waitingForJobs(String)
    case sequenceHigh(String)
    /// PREFIX's data cannot be read, and this run does not need it but for pauses.
    case pausesUnknown(String)
}
