/// A promise that a history broke.
package struct Violation: Sendable, Equatable {
    package enum Promise: String, CaseIterable, Sendable {
        /// Never two at once.
        case exclusion
        /// Permits of running trees within the total.
        case permits
        /// Numbers of permits: never one for two at once, and one for each permit.
        case slot
        /// First come, first served.
        case order
        /// Fencing tokens grow.
        case token
        /// Everyone who waits is served in the stated time.
        case service
        /// Nothing is left behind.
        case leftover
        /// Nothing is killed while its ownership is proven.
        case needlessKill
        /// Exit codes and records tell the truth.
        case truth
        /// One release wakes one waiter.
        case herd
        /// A wait waits.
        case spin
        /// Nobody deletes what is not theirs, or what still stands for a living tree.
        case release
        /// At most one start in an interval.
        case interval
        /// No more wait for a lock than may.
        case crowd
        /// At most one start for each tick.
        case tick
        /// None starts before the jobs that it comes after have succeeded, nor twice after one success.
        case chain
        /// Nothing of a paused job, or on a drained host, is started.
        case pause
        /// No permit of a held resource is given out.
        case hold
        /// A command does not outlive its supervisor.
        case orphan
    }

    package let promise: Promise
    package let text: String
}
