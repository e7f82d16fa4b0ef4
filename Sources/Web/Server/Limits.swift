import NIOCore

/// What one visitor, and all of them, may take.
enum Limits {
    /// Connections at once. A browser has up to six; a process may open 1024 files.
    static let connections = 256
    /// Besides those, how many that were turned away may take what they were told, and for how long.
    static let leaving = 16
    static let patienceForLeaving = TimeAmount.seconds(1)
    /// Of the connections, live pages.
    static let streams = 128
    /// The line of the request, or one header: a browser's are a tenth of that.
    static let fieldBytes = 8 * 1024
    static let headerBytes = 32 * 1024
    static let headerCount = 64
    /// From the first byte of a connection to the end of the request's headers.
    static let patienceForRequest = TimeAmount.seconds(10)
    /// Between two requests of one connection.
    static let patienceForNext = TimeAmount.seconds(30)
    /// For a reader to make room for what waits to be sent to it.
    static let patienceForReader = TimeAmount.seconds(10)
    /// A page that has heard nothing for three of them says that it is old.
    static let beat = TimeAmount.seconds(5)
    /// Questions to ZooKeeper for one visitor each, at once: what is kept of a job's output.
    static let questions = 8
    static let patienceForZooKeeper = TimeAmount.seconds(10)
    /// Of an action: a verb, a name, a reason.
    static let bodyBytes = 4 * 1024
    /// Actions at once, each a process for as long as it takes.
    static let actions = 4
    /// Before an answer to a wrong token, and how many wait for theirs.
    static let penance = TimeAmount.seconds(1)
    static let penitents = 64
    /// The kernel's: for a peer that has gone without a word, in milliseconds.
    static let silenceMilliseconds = 30_000
}
