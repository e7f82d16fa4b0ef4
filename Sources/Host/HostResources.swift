import Glibc
import POSIX

/// What the macros CPU and MEMMB stand for on this host.
package enum HostResources {
    /// Processors online, as Perl's Sys::CPU counts them; never less than 1.
    package static func cpuCount() -> Int {
        max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Memory in whole mebibytes, from MemTotal of /proc/meminfo; 0 if that cannot be read.
    package static func memoryMB() -> Int {
        // The file is some 1.5 kB; MemTotal is its first line.
        guard let bytes = try? FileBytes.read("/proc/meminfo", longestBytes: 65_536) else { return 0 }
        return memoryMB(meminfo: String(decoding: bytes, as: UTF8.self)) ?? 0
    }

    static func memoryMB(meminfo: String) -> Int? {
        for line in meminfo.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "MemTotal:", words.count >= 2, let kilobytes = Int(words[1]), kilobytes >= 0 {
                return kilobytes / 1024
            }
        }
        return nil
    }
}
