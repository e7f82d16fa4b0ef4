/// Options of flock(1) that this program does not have: whoever puts switchman in flock's place leaves them in the line.
enum FlockOption {
    private static let noWait = "switchman does not wait by default"
    private static let exclusive = "a lock is exclusive here"

    private static let remedies = [
        "-n": noWait, "--nb": noWait, "--nonblock": noWait, "--nonblocking": noWait, "-x": exclusive, "-e": exclusive,
        "--exclusive": exclusive,
    ]
    private static let others = [
        "-s": shared, "--shared": shared, "-o": close, "--close": close, "-u": unlock, "--unlock": unlock, "-F": fork,
        "--no-fork": fork,
    ]
    private static let shared =
        "for readers write --no-lock --lease RESOURCE=1:TOTAL, and for writers --lease RESOURCE=TOTAL:TOTAL"
    private static let close = "write --descendants leave, and leave out the lock file"
    private static let unlock = "the lock is given back with the command's end; leave it out"
    private static let fork = "switchman's own processes stay, and watch; leave it out"

    /// What to write instead; nil of an option that is not one of those.
    static func remedy(_ spelling: String) -> String? {
        remedies[spelling].map { "\($0): leave out \(spelling) and the lock file" } ?? others[spelling]
    }
}
