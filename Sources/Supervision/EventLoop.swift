import CLinux
package import Coordination
import Glibc

/// The supervisor's one thread: every event goes through here, in the order in which it came.
///
/// It is also the executor of the run's only task: `next` waits in poll(2) instead of suspending, so a run needs no thread
/// pool, and the ZooKeeper client's threads do nothing but `post`.
///
/// `@unchecked Sendable`: `pending` is behind `mutex`; everything else is touched by the one thread only.
@safe package final class EventLoop: Inbox, Timekeeper, TaskExecutor, @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var pending: [Event] = []
    private var head = 0
    private let bell: Int32
    private let timer: Int32
    private var sources: [Source] = []
    private var jobs: [UnownedJob] = []

    /// Work that goes on between events, until it is set to nil.
    /// It says in how many milliseconds it wants to be called again.
    package var chore: (() -> Int32)?

    /// A descriptor that is looked at while waiting, and what to do when there is something to read.
    private struct Source {
        let descriptor: Int32
        let read: () -> Void
    }

    /// False: the timer could not be set, and the clock is looked at again and again.
    private var hasTimer = true

    package init() throws(LaunchFailure) {
        // Three threads that hardly ever allocate at once: an arena each would only cost start-up time and memory.
        mallopt(M_ARENA_MAX, 1)
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        if bell < 0 { throw .systemCall("eventfd", errno: errno) }
        timer = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
        if timer < 0 { throw .systemCall("timerfd_create", errno: errno) }
        wake(at: nil)
        if !hasTimer { throw .systemCall("timerfd_settime", errno: errno) }
        if Glibc.poll(nil, 0, 0) < 0 { throw .systemCall("poll", errno: errno) }
    }

    /// Without a timer.
    private static let lookAgainMilliseconds: Int32 = 100

    package func watch(_ descriptor: Int32, read: @escaping () -> Void) {
        sources.append(Source(descriptor: descriptor, read: read))
    }

    package func unwatch(_ descriptor: Int32) { sources.removeAll { $0.descriptor == descriptor } }

    // MARK: Inbox

    package func post(_ event: Event) {
        unsafe pthread_mutex_lock(mutex)
        pending.append(event)
        unsafe pthread_mutex_unlock(mutex)
        var one: UInt64 = 1
        unsafe write(bell, &one, 8)
    }

    package func poll() -> Event? {
        if let event = takePending() { return event }
        // What lies in the sockets has arrived as well.
        lookAtDescriptors(waiting: false)
        return takePending()
    }

    private func takePending() -> Event? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        guard head < pending.count else { return nil }
        defer {
            head += 1
            if head == pending.count { (pending, head) = ([], 0) }
        }
        return pending[head]
    }

    package func next() async -> Event { waitForNext() }

    private func waitForNext() -> Event {
        while true {
            if let event = takePending() { return event }
            lookAtDescriptors(waiting: true)
        }
    }

    private func lookAtDescriptors(waiting: Bool) {
        let watched = sources
        var list = ([bell, timer] + watched.map(\.descriptor)).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        let most: Int32 = hasTimer ? -1 : Self.lookAgainMilliseconds
        let patience = waiting ? chore?() ?? most : 0
        var ready = unsafe Glibc.poll(&list, nfds_t(list.count), patience)
        let isBlind = ready < 0 && errno != EINTR
        if isBlind { ready = Self.lookAtAll(&list) }
        if ready == 0 || isBlind, waiting, !hasTimer { post(.timer) }
        guard ready > 0 else { return }
        var count: UInt64 = 0
        if list[0].revents != 0 { unsafe read(bell, &count, 8) }
        // What others have said goes before the time that has passed: after a stop of this process both are there.
        for (entry, source) in zip(list.dropFirst(2), watched) where entry.revents != 0 { source.read() }
        if list[1].revents != 0, unsafe read(timer, &count, 8) == 8 { post(.timer) }
    }

    /// Without poll(2), which fails once somebody has lowered the limit of open files (prlimit(1)): each that cannot keep us
    /// waiting is read. A poll that fails takes a millisecond (CTLS/wrap.c), so that others have the processor.
    private static func lookAtAll(_ list: inout [pollfd]) -> Int32 {
        for index in list.indices where fcntl(list[index].fd, F_GETFL) & O_NONBLOCK != 0 {
            list[index].revents = Int16(POLLIN)
        }
        return 1
    }

    // MARK: Timekeeper

    package var now: BootInstant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return BootInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package func wake(at instant: BootInstant?) {
        var setting = itimerspec()
        if let instant, instant != .never {
            // Zero would disarm it.
            let nanoseconds = max(1, instant.nanoseconds)
            setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
            setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        }
        hasTimer = unsafe timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil) == 0
    }

    // MARK: TaskExecutor

    package func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

    /// Runs one task to its end on the calling thread.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value? {
        let result = Result<Value>()
        Task(executorPreference: self) { result.value = await body() }
        while result.value == nil, !jobs.isEmpty {
            unsafe jobs.removeFirst().runSynchronously(on: asUnownedTaskExecutor())
        }
        return result.value
    }
}

/// `@unchecked Sendable`: the loop's one thread writes and reads it.
private final class Result<Value>: @unchecked Sendable {
    var value: Value?
}
