/// The negative controls: each breaks one rule, so that the simulation can show that its checkers would see it
/// (Docs/Testing.md). No option and no configuration leads here; a run has none of them.
package enum Break: String, CaseIterable, Sendable {
    case heartbeatByRead
    case checkWithoutOwner
    case noMark
    case noWaitOut
    case waitOutFromSubmission
    case orphanClockFromSubmission
    case ownTerm
    case removedRecordTrusted
    case givingUpWritesEnded
    case ownOldMarkTrusted
    case orphansNotCounted
    case takeLeavesPlace
    case orphanClockKept
    case recordInHeartbeat
    case sReadAfterCall
    case sReadAtReply
    case lostTakeIsFailure
    case lostPlaceIsFailure
    case nodeExistsIsMine
    case releaseBeforeReap
    case leaseWaitRunsOut
    case totalKept
    case totalsUnguarded
    case enqueueOneByOne
    case watchHead
    case noRereadAfterWait
    case earlyEventIgnored
    case lockNameCheckedOnlyBefore
    case noCommittedWriteBeforeList
    case releaseUnguarded
    case foundTermKept
    case staleStart
    case noMargin
    case lossIgnored
    case lockQueueIgnored
    case pauseIgnored
    case intervalByOwnClock
    case startNotWritten
    case startDatedAhead
    case idleForever
    case oldNewsCounts
    case treeSizeIgnored
    case treeTooLargeIgnored
    case latenessIgnored
}
