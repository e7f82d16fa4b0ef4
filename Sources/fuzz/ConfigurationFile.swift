import Coordination
import Glibc
import Recipes

@testable import Host
@testable import Text

/// The configuration: the file's bytes, then pairs of a byte that chooses a key and its value in the environment.
enum ConfigurationFile {
    static func play(_ bytes: [UInt8]) {
        var fields = Fields(bytes)
        file.write(fields.bytes())
        var environment: [String: String] = [:]
        while !fields.isEmpty, environment.count < Configuration.keys.count {
            let key = Configuration.keys[Int(fields.byte()) % Configuration.keys.count]
            // An environment holds no zero bytes.
            environment["SWITCHMAN_" + key.uppercased()] = String(
                decoding: fields.bytes().filter { $0 != 0 }, as: UTF8.self)
        }
        load(environment)
    }

    private static func load(_ environment: [String: String]) {
        do {
            let (configuration, warnings) = try Configuration.load(path: file.path, environment: environment)
            for warning in warnings { expectClear(warning) }
            // Twenty keys that mean nothing, and what is odd in those that mean something.
            expect(warnings.count <= 22, "\(warnings.count) warnings are read by somebody")
            check(configuration)
        } catch {
            expect(!error.problems.isEmpty, "it is said what is wrong")
            for line in [error.message] + error.problems + error.warnings { expectClear(line) }
        }
    }

    private static func check(_ configuration: Configuration) {
        let components = configuration.prefix.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        expect(components.count > 1 && components[0].isEmpty, "\(configuration.prefix) begins with a slash")
        for component in components.dropFirst() {
            let objection = NodeName.objection(to: Array(component), longestBytes: .max)
            expect(objection == nil, "\(configuration.prefix) is a path: \(objection ?? "")")
        }
        expect(!configuration.zkhosts.isEmpty, "there is a server")
        for server in configuration.zkhosts {
            expect(!server.host.isEmpty && server.port > 0, "\(server) is one")
            expect(!server.host.utf8.contains { $0 <= 0x20 || ",/[]".utf8.contains($0) }, "\(server) is one word")
        }
        expect(configuration.logfile != "", "an empty log file is none")
        if let path = configuration.reports.syslog?.path {
            expect(path.utf8.first == UInt8(ascii: "/") && path.utf8.count < 108, "\(path) is a socket's")
        }
        expect((1...Int(Int32.max)).contains(configuration.dataReadLen), "data_read_len fits the C client")
        expect(configuration.resourcesWait != .seconds(0), "0 is for ever")
        expect((0...366 * 86_400).contains(configuration.terminationTimeoutSeconds), "termination_timeout")
        expect((1...86_400).contains(configuration.sessionTimeoutSeconds), "session_timeout")
        expect(
            (Term.secondsMin...Term.secondsMax).contains(configuration.ownershipTermSeconds), "a successor believes it")
        expect((100...3_600_000).contains(configuration.serverTickMilliseconds), "server_tick")
        for limit in [configuration.resourcesWait, configuration.connectTimeout] {
            if case .seconds(let seconds) = limit { expect(seconds >= 0, "\(seconds) s are not negative") }
        }
        if case .folder(let path) = configuration.cgroup {
            expect(path.hasPrefix("/") && path.utf8.count <= 900, "\(path) is a folder, and short enough")
        }
        if let fqdn = configuration.fqdn {
            expect(!fqdn.isEmpty && !fqdn.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "/") }, "\(fqdn) is a host")
            let record = JobRecord(session: "ffffffffffffffff", n: .min, term: 86_400, host: fqdn, pid: .min, runs: [])
            expect(record.encoded().count <= JobRecord.bytesMax, "a record has room for \(fqdn)")
        }
    }

    private static let file = MemoryFile()
}
