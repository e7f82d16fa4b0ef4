import Coordination
import Glibc
import Testing

@testable import Host
@testable import Text

@Suite final class ConfigurationTests {
    private let path: String

    init() throws {
        var template = Array("/tmp/switchman-configuration-XXXXXX".utf8CString)
        let file = unsafe mkstemp(&template)
        try #require(file >= 0)
        close(file)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        _ = unsafe unlink(path)
    }

    private func write(_ bytes: [UInt8]) throws {
        let file = unsafe open(path, O_WRONLY | O_TRUNC)
        try #require(file >= 0)
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
    }

    private func load(
        _ text: String, environment: [String: String] = [:]
    ) throws -> (Configuration, warnings: [String]) {
        try write(Array(text.utf8))
        return try Configuration.load(path: path, environment: environment)
    }

    /// With what every configuration needs, and one key more.
    private func load(key: String, _ value: String) throws -> Configuration {
        try load(#"{"prefix": "/p", "zkhosts": "zk", "\#(key)": \#(value)}"#).0
    }

    private func complaint(_ text: String, environment: [String: String] = [:]) throws -> String {
        let error = #expect(throws: ConfigurationError.self) { try self.load(text, environment: environment) }
        let message = try #require(error?.message)
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        return message
    }

    @Test func hasDefaultsForAllButPrefixAndServers() throws {
        let (configuration, warnings) = try load(#"{"prefix": "/my/switchman", "zkhosts": "zk1:2181,zk2:2182"}"#)
        #expect(warnings.isEmpty)
        #expect(configuration.prefix == "/my/switchman")
        #expect(
            configuration.zkhosts == [ServerAddress(host: "zk1", port: 2181), ServerAddress(host: "zk2", port: 2182)])
        #expect(configuration.logfile == nil)
        #expect(configuration.reports.format == .text && configuration.reports.syslog == nil)
        #expect(configuration.loglevel == .info)
        #expect(configuration.dataReadLen == 65_535)
        #expect(configuration.resourcesWait == .forever)
        #expect(configuration.terminationTimeoutSeconds == 10)
        #expect(configuration.sessionTimeoutSeconds == 30)
        #expect(configuration.ownershipTermSeconds == 30)
        #expect(!configuration.mixedFleet)
        #expect(configuration.serverTickMilliseconds == 2000)
        #expect(configuration.connectTimeout == .seconds(15))
        #expect(configuration.fqdn == nil)
        #expect(configuration.cgroup == .auto)
    }

    @Test func readsEveryKey() throws {
        let (configuration, warnings) = try load(
            """
            {"prefix": "/p", "zkhosts": "zk", "logfile": "/var/log/s", "loglevel": "warning", "data_read_len": "1000000",
             "resources_wait_timeout": 60, "termination_timeout": "5", "session_timeout": "1m", "ownership_term": 45,
             "mixed_fleet": true, "server_tick": "3s", "connect_timeout": "forever", "fqdn": "h.example.net",
             "cgroup": "/sys/fs/cgroup/jobs"}
            """)
        #expect(warnings.isEmpty)
        #expect(configuration.logfile == "/var/log/s")
        #expect(configuration.loglevel == .warning)
        #expect(configuration.dataReadLen == 1_000_000)
        #expect(configuration.resourcesWait == .seconds(60))
        #expect(configuration.terminationTimeoutSeconds == 5)
        #expect(configuration.sessionTimeoutSeconds == 60)
        #expect(configuration.ownershipTermSeconds == 45)
        #expect(configuration.mixedFleet)
        #expect(configuration.serverTickMilliseconds == 3000)
        #expect(configuration.connectTimeout == .forever)
        #expect(configuration.fqdn == "h.example.net")
        #expect(configuration.cgroup == .folder("/sys/fs/cgroup/jobs"))
    }

    @Test(arguments: Configuration.keys.filter { $0 != "prefix" && $0 != "zkhosts" })
    func takesNullAsAbsent(key: String) throws {
        #expect(throws: Never.self) { try self.load(key: key, "null") }
    }

    // MARK: - Servers and prefix

    @Test(arguments: [
        ("zk", ["zk:2181"], ""), ("zk1:2181, zk2:2182 ,\\tzk3", ["zk1:2181", "zk2:2182", "zk3:2181"], ""),
        ("zk:1/", ["zk:1"], ""),
        ("zk:1/a/b", ["zk:1"], "/a/b"), ("zk:1, zk2:2 /a/b/ ", ["zk:1", "zk2:2"], "/a/b"),
        ("[::1]:2182,[fe80::1%eth0]", ["::1:2182", "fe80::1%eth0:2181"], ""),
        ("10.0.0.1:65535,", ["10.0.0.1:65535"], ""),
    ])
    func readsServers(text: String, servers: [String], chroot: String) throws {
        let configuration = try load(#"{"prefix": "/p", "zkhosts": "\#(text)"}"#).0
        #expect(configuration.zkhosts.map { "\($0.host):\($0.port)" } == servers)
        #expect(configuration.prefix == chroot + "/p")
    }

    @Test(arguments: [
        ("", "names no server"), (" , ", "names no server"), ("/a", "names no server"), ("zk:0", "bad port"),
        ("zk:65536", "bad port"),
        ("zk:", "bad port"), ("zk:x", "bad port"), ("zk:-1", "bad port"), ("zk:99999999999999999999", "bad port"),
        (":2181", "without a host"),
        ("zk1 zk2", "with a blank"), ("zk1: 2181", "with a blank"), ("zk1;zk2:1;", "bad port"),
        ("::1:2181", "more than one colon"),
        ("[::1", "closing bracket"), ("[]:1", "without a host"), ("[::1]x", "bad port"), ("[::1]2181", "bad port"),
        ("z]k:1", "stray bracket"),
        ("zk:1//", "chroot"), ("zk:1/a//b", "chroot"), ("zk:1/../b", "chroot"), ("zk:1/a\\u0007b", "chroot"),
    ])
    func namesTheEntryThatIsWrong(text: String, hint: String) throws {
        let message = try complaint(#"{"prefix": "/p", "zkhosts": "\#(text)"}"#)
        #expect(message.hasPrefix("\(path): key \"zkhosts\" "))
        #expect(message.contains(hint), "\(message)")
    }

    @Test(arguments: [
        "/", "", "p", "p/q", "/p//", "//", "//p", "/p//q", "/.", "/p/..", "/p/./q", "/p\\u0001", "/p\\u0085",
        "/\\ue000",
        " /p",
    ])
    func refusesAPrefixThatIsNoPath(prefix: String) throws {
        let message = try complaint(#"{"prefix": "\#(prefix)", "zkhosts": "zk"}"#)
        #expect(message.hasPrefix("\(path): key \"prefix\" "), "\(message)")
    }

    @Test(arguments: ["/p", "/my/switchman", "/a b/\u{e9}", "/...", "/zk-1_x"])
    func takesAPrefixThatIsOne(prefix: String) throws {
        #expect(try load(#"{"prefix": "\#(prefix)", "zkhosts": "zk"}"#).0.prefix == prefix)
    }

    @Test func takesASlashAtTheEndOfThePrefix() throws {
        #expect(try load(#"{"prefix": "/p/q/", "zkhosts": "zk"}"#).0.prefix == "/p/q")
    }

    // MARK: - Values

    @Test(arguments: [
        ("prefix", "1", "a string"), ("prefix", "[\"/p\"]", "a string"), ("zkhosts", "[\"zk\"]", "a string"),
        ("zkhosts", "{}", "a string"), ("logfile", "true", "a string"), ("loglevel", "\"loud\"", "debug, info"),
        ("loglevel", "8", "debug, info"), ("loglevel", "-1", "debug, info"),
        ("loglevel", "[]", "debug, info"), ("data_read_len", "-1", "an integer"), ("data_read_len", "0", "an integer"),
        ("data_read_len", "1.5", "an integer"), ("data_read_len", "\"1k\"", "an integer"),
        ("data_read_len", "99999999999999999999", "an integer"),
        ("resources_wait_timeout", "-1", "seconds"),
        ("resources_wait_timeout", "\"1.5h\"", "a number with s, m, h or d"),
        ("resources_wait_timeout", "true", "seconds"), ("resources_wait_timeout", "1.5", "seconds"),
        ("termination_timeout", "\"forever\"", "from 0 to"),
        ("termination_timeout", "\"\"", "30s or 5m, from 0 to"), ("session_timeout", "0", "from 1 to 86400"),
        ("session_timeout", "\"abc\"", "is \"abc\"; it must be a duration such as 30s or 5m, from 1 to 86400 seconds"),
        ("ownership_term", "2", "from 3 to 86400"),
        ("ownership_term", "\"2d\"", "from 3 to 86400"), ("ownership_term", "\"forever\"", "from 3 to 86400"),
        ("mixed_fleet", "1", "true or false"), ("mixed_fleet", "\"yes\"", "true or false"),
        ("server_tick", "0", "from 100 to 3600000"), ("server_tick", "3600001", "as in zoo.cfg"),
        ("server_tick", "\"2ms\"", "in milliseconds"),
        ("server_tick", "-2000", "tickTime"), ("server_tick", "\"2h\"", "tickTime"),
        ("server_tick", "\"forever\"", "tickTime"),
        ("connect_timeout", "[]", "seconds"), ("fqdn", "\"\"", "a host name"), ("fqdn", "\"a b\"", "a host name"),
        ("fqdn", "\"" + String(repeating: "a", count: 256) + "\"", "255 bytes"), ("fqdn", "5", "a string"),
        ("logfile", "\"a\\u0000b\"", "zero byte"),
        ("cgroup", "true", "a string"), ("cgroup", "\"on\"", "the absolute path of a delegated folder"),
        ("cgroup", "\"/" + String(repeating: "a", count: 900) + "\"", "900 bytes"),
        ("log_format", "\"xml\"", "text or json"), ("syslog", "\"kern\"", "a facility"), ("syslog", "1", "a facility"),
        ("syslog", "\"cron:\"", "a facility"), ("syslog", "\":/dev/log\"", "a facility"),
    ])
    func namesTheKeyAndWhatItMustBe(key: String, value: String, expected: String) throws {
        var values = ["prefix": "\"/p\"", "zkhosts": "\"zk\""]
        values[key] = value
        let message = try complaint("{" + values.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",") + "}")
        #expect(message.hasPrefix("\(path): key \"\(key)\" "), "\(message)")
        #expect(message.contains(expected), "\(message)")
    }

    @Test func aMixedFleetNeedsASessionThatLeavesTimeToKill() throws {
        let file = #"{"prefix": "/p", "zkhosts": "zk", "mixed_fleet": true, "server_tick": 1000, "session_timeout": "#
        #expect(try complaint(file + "3}").contains("needs a session_timeout of 7 s at least"))
        #expect(try complaint(file + "2}").contains("it is 2 s"))
    }

    @Test(arguments: [("2000", 2000), ("\"2500\"", 2500), ("100", 100), ("\"2s\"", 2000), ("\"1m\"", 60_000)])
    func readsTheServersTickAsItStandsWithThem(value: String, milliseconds: Int) throws {
        let configuration = try load(key: "server_tick", value)
        #expect(configuration.serverTickMilliseconds == milliseconds)
        #expect(
            configuration.relay == .milliseconds(max(milliseconds, 500)), "servers are late by more than a short tick")
    }

    /// It was twice the tickTime in seconds. Its deadlines are never later than before, and it is named.
    @Test(arguments: [("4", 4000, 2000), ("\"1\"", 1000, 500), ("99", 99_000, 49_500)])
    func aTickOfTheOldMeaningIsSafeAndNamed(value: String, milliseconds: Int, tick: Int) throws {
        let (configuration, warnings) = try load(#"{"prefix": "/p", "zkhosts": "zk", "server_tick": \#(value)}"#)
        #expect(configuration.serverTickMilliseconds == milliseconds)
        #expect(warnings.count == 1 && warnings[0].contains("taken as \(milliseconds) ms"))
        #expect(warnings[0].contains("(\(tick) if this was twice the tickTime in seconds)"))
    }

    @Test(arguments: [
        ("0", Limit.forever), ("\"0\"", .forever), ("\"0s\"", .forever), ("1", .seconds(1)), ("\"90\"", .seconds(90)),
        ("\"2m\"", .seconds(120)), ("\"forever\"", .forever),
    ])
    func takesNoWaitForPermitsAsWaitingForever(value: String, limit: Limit) throws {
        #expect(try load(key: "resources_wait_timeout", value).resourcesWait == limit)
    }

    @Test(arguments: [
        ("true", true), ("false", false), ("\"true\"", true), ("\"false\"", false), ("\"1\"", true), ("\"0\"", false),
    ])
    func readsTruth(value: String, flag: Bool) throws {
        #expect(try load(key: "mixed_fleet", value).mixedFleet == flag)
    }

    @Test(arguments: [
        ("\"debug\"", LogLevel.debug), ("\"info\"", .info), ("\"notice\"", .notice), ("\"WARNING\"", .warning),
        ("\"warn\"", .warning),
        ("\"err\"", .error), ("\"error\"", .error), ("\"crit\"", .critical), ("\"critical\"", .critical),
        ("\"alert\"", .alert),
        ("\"emerg\"", .emergency), ("\"Emergency\"", .emergency),
    ])
    func readsLogLevels(value: String, level: LogLevel) throws {
        #expect(try load(key: "loglevel", value).loglevel == level)
    }

    /// To the original 0 is debug and 7 emergency, to syslog the other way round.
    @Test(arguments: [
        ("0", LogLevel.debug), ("1", .info), ("2", .notice), ("\"3\"", .warning), ("4", .warning), ("5", .notice),
        ("6", .info), ("7", .debug),
    ])
    func ofALevelThatIsANumberTheOneThatSaysMoreIsTaken(value: String, level: LogLevel) throws {
        #expect(try load(key: "loglevel", value).loglevel == level)
    }

    @Test func logLevelsRiseWithWhatMatters() {
        #expect([LogLevel.error, .debug, .emergency, .info].sorted() == [.debug, .info, .error, .emergency])
    }

    @Test(arguments: [
        ("true", SyslogTarget(dialect: .syslog(facility: 1), path: "/dev/log")),
        ("\"1\"", SyslogTarget(dialect: .syslog(facility: 1), path: "/dev/log")),
        ("\"cron\"", SyslogTarget(dialect: .syslog(facility: 9), path: "/dev/log")),
        ("\"local7\"", SyslogTarget(dialect: .syslog(facility: 23), path: "/dev/log")),
        ("\"/run/log\"", SyslogTarget(dialect: .syslog(facility: 1), path: "/run/log")),
        ("\"daemon:/run/a:b\"", SyslogTarget(dialect: .syslog(facility: 3), path: "/run/a:b")),
        ("\"journald\"", SyslogTarget(dialect: .journal, path: "/run/systemd/journal/socket")),
        ("\"journald:/j\"", SyslogTarget(dialect: .journal, path: "/j")), ("false", nil), ("\"false\"", nil),
    ])
    func readsWhereTheLogGoes(value: String, target: SyslogTarget?) throws {
        #expect(try load(key: "syslog", value).reports.syslog == target)
    }

    @Test func readsHooksFromTheFileOnly() throws {
        let (configuration, warnings) = try load(
            #"{"prefix": "/p", "zkhosts": "zk", "hooks": {"failed": "mail", "lost": "", "succeeded": null}}"#,
            environment: ["SWITCHMAN_HOOKS": "x"])
        #expect(warnings.isEmpty)
        #expect(configuration.reports.hooks[.failed] == "mail")
        #expect([Hook.succeeded, .lost, .released].allSatisfy { configuration.reports.hooks[$0] == nil })
    }

    @Test(arguments: [
        (#""x""#, "an object with a shell command"),
        (#"{"fialed": "x"}"#, "has no hook \"fialed\"; it may have started"),
        (#"{"failed": 7}"#, "hook \"failed\" is 7; it must be a string"), (#"{"lost": "\u0000"}"#, "zero byte"),
    ])
    func saysWhatIsWrongWithAHook(value: String, hint: String) throws {
        let message = try complaint(#"{"prefix": "/p", "zkhosts": "zk", "hooks": \#(value)}"#)
        #expect(message.hasPrefix("\(path): key \"hooks\"") && message.contains(hint), "\(message)")
    }

    // MARK: - Keys

    @Test(arguments: [
        ("zkhost", "zkhosts"), ("log_level", "loglevel"), ("Prefix", "prefix"),
        ("termination_timout", "termination_timeout"),
        ("resource_wait_timeout", "resources_wait_timeout"), ("pefrix", "prefix"),
    ])
    func namesTheNearestKeyForAnUnknownOne(key: String, nearest: String) throws {
        let (_, warnings) = try load(#"{"prefix": "/p", "zkhosts": "zk", "\#(key)": {"any": ["thing"]}}"#)
        #expect(warnings == ["\(path): unknown key \"\(key)\"; did you mean \"\(nearest)\"?"])
    }

    @Test func aKeyThatBeginsWithANumberSignIsAComment() throws {
        let (configuration, warnings) = try load(
            ##"{"#": "text", "# prefix": ["any"], "prefix": "/p", "zkhosts": "zk", "#loglevel": "debug", "#tls": {}}"##)
        #expect(warnings.isEmpty && configuration.loglevel == .info)
    }

    @Test(arguments: ["auth", "acl", "tls"])
    func refusesWhatWouldProtectAndIsEmpty(key: String) {
        #expect(throws: ConfigurationError.self) { try load(#"{"prefix": "/p", "zkhosts": "zk", "\#(key)": {}}"#) }
    }

    @Test(arguments: [
        (#"{"zkhosts": "zk"}"#, "key \"prefix\" is missing"), (#"{"prefix": "/p"}"#, "key \"zkhosts\" is missing"),
        (#"{"prefix": null, "zkhosts": "zk"}"#, "key \"prefix\" is missing"), ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        ("[]", "is a list; it must be an object"), ("null", "is null"),
        (String(repeating: "[", count: 100_000), "nested"),
    ])
    func saysWhatAFileLacks(text: String, hint: String) throws {
        let message = try complaint(text)
        #expect(message.hasPrefix(path) && message.contains(hint), "\(message)")
    }

    // MARK: - Places

    @Test func environmentGoesBeforeTheFile() throws {
        let (configuration, _) = try load(
            #"{"prefix": 5, "zkhosts": "zk", "fqdn": "a", "termination_timeout": 7}"#,
            environment: [
                "SWITCHMAN_PREFIX": "/e", "SWITCHMAN_ZKHOSTS": "e1,e2/c", "SWITCHMAN_FQDN": "b",
                "SWITCHMAN_OWNERSHIP_TERM": "1m",
                "SWITCHMAN_TERMINATION_TIMEOUT": "", "SWITCHMAN_MIXED_FLEET": "1", "SWITCHMAN_LOCKNAME": "x",
                "SWITCHMAN_LEASES": "x",
            ])
        #expect(configuration.prefix == "/c/e")
        #expect(configuration.zkhosts.map(\.host) == ["e1", "e2"])
        #expect(configuration.fqdn == "b")
        #expect(configuration.ownershipTermSeconds == 60)
        #expect(configuration.terminationTimeoutSeconds == 7)
        #expect(configuration.mixedFleet)
    }

    @Test func namesTheVariableThatIsWrong() throws {
        let message = try complaint(#"{"prefix": "/p", "zkhosts": "zk"}"#, environment: ["SWITCHMAN_SERVER_TICK": "x"])
        #expect(message.hasPrefix("environment variable SWITCHMAN_SERVER_TICK is \"x\""))
    }

    @Test func tellsHowMuchMoreIsWrong() throws {
        #expect(try complaint(#"{"prefix": 1}"#).hasSuffix("1 more; switchmanctl check config \(path) lists them)"))
    }
    @Test func readsTheFileThatTheEnvironmentNames() throws {
        try write(Array(#"{"prefix": "/p", "zkhosts": "zk"}"#.utf8))
        #expect(try Configuration.load(path: nil, environment: ["SWITCHMAN_CONFIG": path]).0.prefix == "/p")
    }

    private func complaint(path: String?, environment: [String: String]) throws -> String {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.load(path: path, environment: environment)
        }
        return try #require(error?.message)
    }

    @Test func aNamedFileMustExist() throws {
        let enough = ["SWITCHMAN_PREFIX": "/p", "SWITCHMAN_ZKHOSTS": "zk"]
        #expect(
            try complaint(path: "/nonexistent/a", environment: enough).hasPrefix(
                "/nonexistent/a: no such configuration file"))
        let named = enough.merging(["SWITCHMAN_CONFIG": "/nonexistent/b"]) { $1 }
        #expect(try complaint(path: nil, environment: named).contains("SWITCHMAN_CONFIG"))
    }

    private static let hasNoDefaultFile = unsafe access(Configuration.defaultPath, F_OK) != 0

    @Test(.enabled(if: hasNoDefaultFile))
    func noFileIsNeededIfTheEnvironmentSaysEnough() throws {
        let environment = ["SWITCHMAN_PREFIX": "/p", "SWITCHMAN_ZKHOSTS": "zk"]
        #expect(try Configuration.load(path: nil, environment: environment).0.prefix == "/p")
        #expect(
            try complaint(path: nil, environment: ["SWITCHMAN_PREFIX": "/p"]).hasPrefix(
                "/etc/switchman.conf: no such file"))
    }

    @Test func aDirectoryIsUnreadable() throws {
        #expect(try complaint(path: "/tmp", environment: [:]).hasPrefix("/tmp: cannot be read: Is a directory"))
    }

    @Test func aHugeFileIsRefusedUnread() throws {
        try write([])
        // A hole: nothing is on the disk.
        #expect(unsafe truncate(path, 1 << 40) == 0)
        #expect(try complaint(path: path, environment: [:]).contains("is longer than"))
    }

    @Test func aDeviceIsRefused() throws {
        #expect(try complaint(path: "/dev/zero", environment: [:]) == "/dev/zero: is a device; name a regular file")
    }

    @Test func bytesThatAreNotTextAreNotJSON() throws {
        try write(Array(#"{"prefix": ""#.utf8) + [0xff] + Array(#""}"#.utf8))
        #expect(try complaint(path: path, environment: [:]).contains("is not valid JSON"))
    }
}
