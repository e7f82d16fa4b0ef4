import Glibc

/// A pthread mutex. Not Synchronization.Mutex: the thread sanitizer gives false positives for it.
///
/// `@unchecked Sendable`: a mutex is made for this.
@safe package final class Lock: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    package init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
    }

    package func hold() { unsafe pthread_mutex_lock(mutex) }
    package func release() { unsafe pthread_mutex_unlock(mutex) }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }
}

/// Opened once, by another thread.
///
/// `@unchecked Sendable`: everything is behind the mutex.
@safe package final class Gate: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let bell: UnsafeMutablePointer<pthread_cond_t>
    private var isOpen = false

    package init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        // Not the time of day: once that is set back, a wait by it would last longer than it may, by hours.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe bell = .allocate(capacity: 1)
        unsafe pthread_cond_init(bell, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    package func open() {
        unsafe pthread_mutex_lock(mutex)
        isOpen = true
        unsafe pthread_cond_signal(bell)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// False: it is not open yet.
    @discardableResult package func wait(atMost duration: Duration) -> Bool {
        var until = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &until)
        let (seconds, attoseconds) = duration.components
        let nanoseconds = Int(attoseconds / 1_000_000_000) + until.tv_nsec
        until.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        until.tv_nsec = nanoseconds % 1_000_000_000
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while !isOpen { if unsafe pthread_cond_timedwait(bell, mutex, &until) == ETIMEDOUT { return isOpen } }
        return true
    }
    // Never destroyed: the closing thread may still be about to open it when the cap has run out.
}

/// Runs `body` on a thread of its own that nobody joins; if there is none to be had, here and now rather than never.
package func detach(_ body: @escaping @Sendable () -> Void) { if !start(body) { body() } }

/// Runs `body` on a thread of its own that nobody joins. False: there is none to be had (pthread_create(3), EAGAIN).
package func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let box = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
    var thread = pthread_t()
    let code = unsafe pthread_create(
        &thread, nil,
        { context in
            if let context = unsafe context { unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
            return nil
        }, box)
    if code == 0 {
        pthread_detach(thread)
    } else {
        unsafe Unmanaged<Body>.fromOpaque(box).release()
    }
    return code == 0
}
