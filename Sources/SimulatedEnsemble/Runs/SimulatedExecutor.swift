/// The one thread of a simulated world: every run's task waits for it, and it takes them in the order of the agenda.
///
/// `@unchecked Sendable`: used by the thread that drives the world only.
@safe final class SimulatedExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    private var ready: [UnownedJob] = []

    func enqueue(_ job: consuming ExecutorJob) { ready.append(UnownedJob(job)) }

    /// Runs what can run, until everything waits for the agenda again.
    func drain() {
        var next = 0
        while next < ready.count {
            let job = ready[next]
            next += 1
            unsafe job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
        ready.removeAll(keepingCapacity: true)
    }
}
