import CTether
import Fleet
import Glibc

/// A process that does not outlive this one.
@safe struct Child {
    let pid: pid_t

    enum Failure: Error { case errno(Int32) }

    /// - Parameter input: nil: ours.
    /// - Parameter deathSignal: what it gets when this process dies; 0: nothing.
    init(
        _ words: [String], environment: [String], input: Int32? = nil, deathSignal: Int32, leadsSession: Bool,
        blocked: UInt64
    ) throws(Failure) {
        let tether = sw_tether(
            death_signal: deathSignal, input: input ?? -1, leads_session: leadsSession ? 1 : 0, blocked: blocked)
        let argv = unsafe Self.vector(words)
        let variables = unsafe Self.vector(environment)
        pid = unsafe withUnsafePointer(to: tether) { unsafe sw_tether_spawn($0, argv, variables) }
        let code = errno
        unsafe Self.release(argv, words.count)
        unsafe Self.release(variables, environment.count)
        if pid < 0 { throw .errno(code) }
    }

    /// Nil while it lives: its exit status, or 128 and the number of the signal that ended it.
    func status(waiting: Bool) -> Int32? {
        var status: Int32 = 0
        while true {
            switch unsafe waitpid(pid, &status, waiting ? 0 : WNOHANG) {
            case pid: return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
            case -1 where errno == EINTR: continue
            default: return nil
            }
        }
    }

    /// Its exit status, as above; signals to us are passed on meanwhile, those of a terminal left out: it has had them itself.
    func end() -> Int32 {
        while true {
            if let status = status(waiting: false) { return status }
            if let signal = Signals.next(within: nil), signal != SIGCHLD { kill(pid, signal) }
        }
    }

    private static func vector(_ words: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
        let vector = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
        for (index, word) in words.enumerated() { unsafe vector[index] = strdup(word) }
        unsafe vector[words.count] = nil
        return unsafe vector
    }

    private static func release(_ vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, _ count: Int) {
        for index in 0..<count { unsafe free(vector[index]) }
        unsafe vector.deallocate()
    }
}
