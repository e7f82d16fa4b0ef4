import Glibc
import SimulatedEnsemble

/// Threads that play histories side by side; each history is one thread's alone.
///
/// `@unchecked Sendable`: each member is written by its own thread and read when that has been joined.
final class Crew: @unchecked Sendable {
    private let request: SoakRequest
    private let member: UInt64
    private let end: ContinuousClock.Instant?
    private var campaign = Campaign()

    private init(request: SoakRequest, member: UInt64, end: ContinuousClock.Instant?) {
        self.request = request
        self.member = member
        self.end = end
    }

    static func play(_ request: SoakRequest, until end: ContinuousClock.Instant?) -> Campaign {
        let crew = (0..<request.threads).map { Crew(request: request, member: UInt64($0), end: end) }
        var threads: [pthread_t] = []
        for one in crew {
            var thread: pthread_t = 0
            let context = unsafe Unmanaged.passRetained(one).toOpaque()
            unsafe pthread_create(
                &thread, nil,
                { context in
                    if let context = unsafe context {
                        unsafe Unmanaged<Crew>.fromOpaque(context).takeRetainedValue().work()
                    }
                    return nil
                }, context)
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
        var all = Campaign()
        for one in crew { all.add(one.campaign) }
        return all
    }

    private func work() {
        var seed = request.first + member
        while seed <= request.last {
            campaign.play(seed, control: request.control)
            if !campaign.failures.isEmpty, !request.keepsGoing, request.control == nil { return }
            if let end, ContinuousClock.now >= end { return }
            seed += UInt64(request.threads)
        }
    }
}
