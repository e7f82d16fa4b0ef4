/// What is worth a line in the log on the way.
package enum Notice: Sendable, Equatable {
    /// The lock is held, and no record says that one of ours is running: an original holds it.
    case lockWithoutRecord(String)
    case waitingForLock(String)
    /// The jobs that it comes after have not succeeded yet: why, in a sentence.
    case waitingForJobs(String)
    case waitingInQueue(String, ahead: Int)
    case sequenceHigh(String)
    /// PREFIX's data cannot be read, and this run does not need it but for pauses.
    case pausesUnknown(String)
}
