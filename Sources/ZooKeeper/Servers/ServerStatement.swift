/// What a server tells of itself when it is asked `srvr` (ZooKeeper Administrator's Guide, "The Four Letter Words").
struct ServerStatement {
    /// The newest transaction that it has.
    let zxid: Int64
    /// Of an ensemble: what one of its servers leaves unanswered, another may answer.
    let isOneOfSeveral: Bool

    /// Nil where one of both is missing.
    init?(_ text: String) {
        var zxid: Int64?
        var mode: Substring?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("Zxid: 0x") { zxid = Int64(line.dropFirst(8), radix: 16) }
            if line.hasPrefix("Mode: ") { mode = line.dropFirst(6) }
        }
        guard let zxid, let mode else { return nil }
        self.zxid = zxid
        isOneOfSeveral = mode == "leader" || mode == "follower" || mode == "observer"
    }
}
