import Fleet
import Glibc
import POSIX
import Reporting
import Run
import Steering

/// A ZooKeeper server for a moment, on loopback, from Debian's package.
///
/// Between it and us stands a keeper, a shell that ends the server and removes the folder when its standard input ends:
/// that is when we are done, and also when we are killed by a signal that cannot be caught.
struct SandboxServer {
    let folder: String
    let port: UInt16
    private let keeper: Child
    private let lifeline: Int32

    private static let jar = "/usr/share/java/zookeeper.jar"
    private static let loggerJars = ["/usr/share/java/slf4j-api.jar", "/usr/share/java/slf4j-nop.jar"]
    private static let remedy = "apt-get install zookeeper libslf4j-java"

    /// $1: the folder; $2: whether to say why the server ended by itself; the rest is the server's command line. It must
    /// not stand in the folder that it removes.
    private static let script = """
        trap '' INT TERM HUP QUIT
        folder=$1 tells=$2; shift 2
        exec 3<&0
        "$@" </dev/null >"$folder/server.log" 2>&1 &
        server=$!
        { read -r _ <&3; touch "$folder/over"; kill -KILL $server; } 2>/dev/null &
        reader=$!
        wait $server 2>/dev/null
        [ -e "$folder/over" ] || {
            kill -KILL $reader
            [ $tells = no ] || sed -n '/^Caused by/h;1h;${x;p}' "$folder/server.log" >&2
        }
        rm -rf "$folder"
        """

    /// Starts one on a free port, and returns when it takes connections.
    static func start(jars: String?, blocked: UInt64) throws -> SandboxServer {
        let classes = (jars ?? jar).split(separator: ":").map(String.init) + loggerJars
        for file in classes where unsafe access(file, R_OK) != 0 {
            throw Complaint.failed(.osError, "there is no \(file) here; \(remedy)")
        }
        for program in ["java", "setpriv"] where !isInPath(program) {
            throw Complaint.failed(.osError, "there is no \(program) in PATH; \(remedy)")
        }
        // Of two processes that found the same port free one fails, and tries another. Whatever else it is stays the same.
        for attempt in 1...attempts {
            let server = try SandboxServer(
                classPath: classes.joined(separator: ":"), tells: attempt == attempts, blocked: blocked)
            if try server.isReady() { return server }
        }
        throw Complaint.failed(.osError, "the ZooKeeper server ended as soon as it was started; does java work here?")
    }

    private static let attempts = 5

    private init(classPath: String, tells: Bool, blocked: UInt64) throws {
        folder = try Self.makeFolder()
        port = try Self.freePort()
        try Self.write(
            """
            tickTime=500
            dataDir=\(folder)/data
            clientPort=\(port)
            clientPortAddress=127.0.0.1
            maxSessionTimeout=120000
            maxClientCnxns=0
            4lw.commands.whitelist=*

            """, to: "\(folder)/zoo.cfg")
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw Self.failed("pipe", errno) }
        defer { close(ends[0]) }
        // Nobody else may hold it open: its end is the end of the server.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        lifeline = ends[1]
        let java = [
            "java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dzookeeper.admin.enableServer=false",
            // It is thrown away: no need to see its log through to the disk.
            "-Dzookeeper.forceSync=no", "-Dzookeeper.preAllocSize=1024", "-cp", classPath,
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", "\(folder)/zoo.cfg",
        ]
        do {
            // Should the keeper itself be killed, the server goes with it.
            keeper = try Child(
                [
                    "/bin/sh", "-c", Self.script, "sandbox-keeper", folder, tells ? "yes" : "no", "setpriv",
                    "--pdeathsig", "KILL",
                ] + java,
                environment: ProcessEnvironment.all(), input: ends[0], deathSignal: 0, leadsSession: true,
                blocked: blocked)
        } catch { throw Self.failed("/bin/sh", ENOEXEC) }
    }

    /// Ends it and removes all that is left.
    func end() {
        close(lifeline)
        _ = keeper.status(waiting: true)
    }

    /// False if the server ended at once.
    private func isReady() throws -> Bool {
        while keeper.status(waiting: false) == nil {
            if answers() { return true }
            if let signal = Signals.next(within: .milliseconds(20)), signal != SIGCHLD {
                end()
                throw Complaint.signal(signal)
            }
        }
        close(lifeline)
        return false
    }

    // MARK: The pieces

    private static func failed(_ what: String, _ code: Int32) -> Complaint {
        .failed(.osError, "cannot start a sandbox: \(what): \(String(errno: code))")
    }

    private static func isInPath(_ program: String) -> Bool {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
        return path.utf8.split(separator: UInt8(ascii: ":")).contains { folder in
            unsafe access("\(Substring(folder))/\(program)", X_OK) == 0
        }
    }

    private static func makeFolder() throws -> String {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? ""
        var template = Array("\(parent.isEmpty ? "/tmp" : parent)/switchman-sandbox.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw failed("temporary folder", errno) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func freePort() throws -> UInt16 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        var address = address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        if !isBound { throw failed("a port on 127.0.0.1", errno) }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Whether it says what it is: one that merely accepts may not be able to serve yet, and then never answers a client.
    private func answers() -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        var address = Self.address(port)
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        let question = Array("srvr".utf8)
        guard isConnected, unsafe send(socket, question, question.count, Int32(MSG_NOSIGNAL)) == question.count
        else { return false }
        var patience = timeval(tv_sec: 0, tv_usec: 500_000)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(socket, &chunk, chunk.count, 0)
            if count <= 0 { return String(decoding: answer, as: UTF8.self).contains("Mode:") }
            answer += chunk.prefix(count)
        }
    }

    static func write(_ text: String, to path: String) throws {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failed(path, errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(file, bytes, bytes.count) == bytes.count else { throw failed(path, errno) }
    }
}
