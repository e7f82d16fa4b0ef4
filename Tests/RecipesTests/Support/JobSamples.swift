import Coordination
import Recipes
import Testing
import Text

extension Job {
    /// The job `a` of host `h` under `/p`, with a term of 30 s and a connect timeout of 15 s.
    static func sample(leases: [LeaseRequest] = [], with change: (inout Job) -> Void = { _ in }) -> Job {
        var job = Job(
            lockname: "a", takesLock: true, leases: leases, group: nil, leaseWait: nil, term: Term(seconds: 30),
            mixedFleet: false, relay: .seconds(2), dataReadLimit: 65_535, connectTimeout: .seconds(15),
            macros: Macros(fqdn: "h", cpuCount: 1, memoryMB: 1), host: "h", pid: 1, layout: Layout(prefix: "/p"),
            servers: "s:1")
        change(&job)
        return job
    }
}

extension JobRecord {
    /// As another host left it.
    static func sample(
        _ state: State = .ended, session: String = "9", n: Int = 1, term: Int64 = 30, runs: [PastRun] = []
    ) -> JobRecord {
        var record = JobRecord(session: session, n: n, term: term, host: "other", pid: 2, runs: runs)
        record.state = state
        return record
    }
}

extension Interruption {
    /// Whether a znode is not what it should be, and the message names it: exit code 65.
    func isBadData(naming path: String) -> Bool {
        if case .badData(let message) = self { message.contains(path) } else { false }
    }

    var isRefused: Bool { if case .refused = self { true } else { false } }
    var isDenied: Bool { if case .denied = self { true } else { false } }
    var isUnavailable: Bool { if case .unavailable = self { true } else { false } }
    var isNoPermits: Bool { if case .noPermits = self { true } else { false } }
    var isWaitForItself: Bool { if case .waitsForItself = self { true } else { false } }
}

/// What interrupts the body; nil: nothing does.
func interruption<Value>(of body: () async throws(Interruption) -> Value) async -> Interruption? {
    do throws(Interruption) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
