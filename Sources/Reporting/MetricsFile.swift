import Glibc
import POSIX

/// One lockname's file in the folder of which node_exporter's textfile collector reads every `.prom`.
///
/// Runs that end at once take turns by flock(2) on the folder itself: so nothing is left behind, and whoever may read the folder
/// may take its turn, whatever the user.
package struct MetricsFile: Sendable {
    private let folder: String
    private let lockname: String

    /// Enough for hundreds of turns, and little beside a run.
    private static let patienceMilliseconds = 2000
    /// A file of ours is 3 kB, with a lockname of 512 bytes 20.
    private static let longestBytes = 1 << 16

    package init(folder: String, lockname: String) {
        (self.folder, self.lockname) = (folder, lockname)
    }

    /// Counts a run.
    ///
    /// - Returns: what there is to warn of.
    package func add(_ sample: RunSample) -> String? {
        let directory: Int32
        do throws(TrustedPath.Failure) { directory = try TrustedPath.open(folder, O_RDONLY | O_DIRECTORY) } catch {
            return "metrics_directory \(folder): \(error.text); this run is not counted"
        }
        defer { close(directory) }
        guard Self.takeTurn(directory) else {
            return "metrics_directory \(folder): other runs keep it locked; this run is not counted"
        }
        var (metrics, warning) = read(directory)
        metrics.add(sample)
        let error = replace(Array(metrics.text.utf8), directory)
        return error.map { complaint($0, "this run is not counted") } ?? warning
    }

    private func complaint(_ code: Int32, _ consequence: String, _ file: String = "") -> String {
        "metrics_directory \(folder)\(file): \(String(errno: code)); \(consequence)"
    }

    /// flock(2) either waits for ever or not at all.
    private static func takeTurn(_ directory: Int32) -> Bool {
        let pauseMilliseconds = 5
        for _ in 0..<(patienceMilliseconds / pauseMilliseconds) {
            if flock(directory, LOCK_EX | LOCK_NB) == 0 { return true }
            if errno != EWOULDBLOCK { return false }
            usleep(UInt32(pauseMilliseconds * 1000))
        }
        return false
    }

    // MARK: The file

    /// Safe as a file's name, and different for different locknames.
    var name: String {
        var name = ""
        for byte in lockname.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            default: name += (byte < 0x10 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        // A name has room for 255 bytes; what is longer ends with a sum (FNV-1a) in place of the rest.
        let longest = 200
        if name.utf8.count > longest {
            let sum = lockname.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            name = "\(name.prefix(longest - 17))~\(String(sum, radix: 16))"
        }
        return "switchman_\(name).prom"
    }

    private func read(_ directory: Int32) -> (Metrics, warning: String?) {
        let fresh = Metrics(lockname: lockname)
        let consequence = "counting from zero"
        // Neither a link to somewhere else nor a pipe that nobody writes.
        let file = unsafe openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            return (fresh, errno == ENOENT ? nil : complaint(errno, consequence, "/" + name))
        }
        defer { close(file) }
        do throws(FileBytes.Failure) {
            let bytes = try FileBytes.read(from: file, longestBytes: Self.longestBytes)
            if let metrics = try? Metrics(bytes: bytes, lockname: lockname) { return (metrics, nil) }
        } catch {
            if case .unreadable(let code) = error { return (fresh, complaint(code, consequence, "/" + name)) }
        }
        return (fresh, "metrics_directory \(folder)/\(name): is not what switchman writes; \(consequence)")
    }

    /// Nil, or an errno. A reader sees the old file or the new one.
    private func replace(_ bytes: [UInt8], _ directory: Int32) -> Int32? {
        let draft = ".\(name).new"
        // Left by a run that was killed here, or laid there by somebody else.
        unsafe unlinkat(directory, draft, 0)
        let file = unsafe openat(directory, draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return errno }
        let code = WholeWrite.perform(bytes, to: file)
        var error: Int32? = code == 0 ? nil : code
        // Whatever the umask: node_exporter is somebody else.
        if error == nil, fchmod(file, 0o644) != 0 { error = errno }
        if close(file) != 0, error == nil { error = errno }
        if error == nil, unsafe renameat(directory, draft, directory, name) != 0 { error = errno }
        if error != nil { unsafe unlinkat(directory, draft, 0) }
        return error
    }
}
