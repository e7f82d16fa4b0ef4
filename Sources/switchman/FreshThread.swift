import Glibc

/// A thread made after the fork, for everything that the supervisor does.
///
/// Swift's runtime remembers each thread's number in the thread itself, and does not notice a fork: the forked thread would
/// take the runtime's locks in the name of its parent, and as soon as another thread wants one of them at the same moment
/// both spin for ever (futexes with priority inheritance name their owner by number). A new thread asks for its own.
enum FreshThread {
    private final class Body {
        let run: @Sendable () -> Never
        init(_ run: @escaping @Sendable () -> Never) { self.run = run }
    }

    /// Does not return while the body runs, which ends the process itself.
    ///
    /// - Returns: the errno of a thread that could not be made; then nothing was run.
    nonisolated static func perform(_ body: @escaping @Sendable () -> Never) -> Int32 {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            }, context)
        if code == 0 { pthread_join(thread, nil) }
        return code
    }
}
