import Glibc

/// CLOCK_MONOTONIC: for how long servers are waited for, which nothing that is promised leans on.
package enum Monotonic {
    package static var milliseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
