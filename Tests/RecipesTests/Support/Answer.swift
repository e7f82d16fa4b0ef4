import Coordination
import Recipes

/// What a server answers to one request of a script.
enum Answer {
    case noNode
    case stat(NodeStat)
    case node([UInt8], NodeStat)
    case names([String])
    /// A transaction was committed. Its sequential nodes get these numbers.
    case committed(numbers: [Int64])
    /// - Parameter at: the path of the operation that fails.
    case fails(Failure.Reason, at: String? = nil)
    /// No answer comes, and none to the rest of its burst.
    case silence

    static let committed = Answer.committed(numbers: [])
    static let lost = Answer.fails(.connectionLost)
    /// The server has too much to do, and has not carried it out.
    static let throttled = Answer.fails(.other(-127))
    /// A persistent node.
    static let persistent = Answer.stat(NodeStat())

    /// An ephemeral node.
    static func owned(by session: Int64, czxid: Int64 = 17, made: Int64 = 0) -> Answer {
        .stat(NodeStat(czxid: czxid, made: made, owner: session))
    }

    static func version(_ version: Int32) -> Answer { .stat(NodeStat(version: version)) }

    static func data(_ text: String, version: Int32 = 0) -> Answer {
        .node(Array(text.utf8), NodeStat(version: version))
    }

    /// - Parameter written: the server's clock when it was written, in milliseconds since the epoch.
    static func record(_ record: JobRecord, version: Int32 = 0, written: Int64 = 0) -> Answer {
        .node(record.encoded(), NodeStat(version: version, written: written))
    }

    /// Nil: there is none.
    func reply(to request: Request) -> Reply? {
        let operations = request.operations
        switch self {
        case .noNode: return .failure(Failure(.noNode, path: request.path))
        case .stat(let stat): return .success(.stat(stat))
        case .node(let data, let stat): return .success(.node(data: data, stat))
        case .names(let names): return .success(.children(names))
        case .committed(let numbers):
            var numbers = numbers[...]
            return .success(.committed(operations.map { Self.made($0, &numbers) }))
        case .fails(let reason, let path):
            let index = operations.firstIndex { $0.path == path }
            return .failure(Failure(reason, path: path ?? request.path, operation: index))
        case .silence: return nil
        }
    }

    private static func made(_ operation: Operation, _ numbers: inout ArraySlice<Int64>) -> String? {
        switch operation {
        case .create(let path, _, .ephemeralSequential):
            let digits = String(numbers.popFirst() ?? 1)
            return path + String(repeating: "0", count: 10 - digits.count) + digits
        case .create(let path, _, _): return path
        default: return nil
        }
    }
}

extension NodeStat {
    init(
        czxid: Int64 = 1, mzxid: Int64 = 1, version: Int32 = 0, made: Int64 = 0, written: Int64 = 0, owner: Int64 = 0
    ) {
        self.init(
            czxid: czxid, mzxid: mzxid, ctimeMilliseconds: made, mtimeMilliseconds: written, version: version,
            ephemeralOwner: owner)
    }
}
