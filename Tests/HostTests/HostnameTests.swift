import Glibc
import Testing

@testable import Host

@Suite struct HostnameTests {
    struct Host: Sendable, CustomTestStringConvertible {
        var node: String
        var resolver: String?
        var domainName: String?
        /// What the resolver knows, by name.
        var known: [String: [String]] = [:]
        var environment: [String: String] = [:]
        var fqdn: String?
        var testDescription: String { "\(node) \(resolver ?? "-") \(known)" }

        func found() -> String? {
            Hostname.fqdn(
                from: Hostname.Sources(
                    nodeName: { node }, resolverConfiguration: { resolver }, domainName: { domainName },
                    entry: { name in
                        known[name].map { Hostname.Entry(name: $0.first ?? "", aliases: Array($0.dropFirst())) }
                    },
                    environment: { environment[$0] }))
        }
    }

    @Test(arguments: [
        // The resolver's configuration is believed without asking anybody.
        Host(node: "web1", resolver: "nameserver 1.1.1.1\nsearch example.net corp.net\n", fqdn: "web1.example.net"),
        Host(node: "web1", resolver: "domain a.net\nsearch b.net c.net\n", fqdn: "web1.b.net"),
        Host(node: "web1", resolver: "search b.net\n  domain a.net # x\r\n", fqdn: "web1.a.net"),
        Host(node: "web1", resolver: "search .\n", fqdn: "web1.."),
        Host(node: "web1", resolver: "searches b.net\nsearch\n", known: ["web1": ["web1.x.net"]], fqdn: "web1.x.net"),
        Host(node: ".web1..\n", resolver: "search b.net", fqdn: "web1.b.net"),
        Host(node: "web1", resolver: "search local", known: ["web1.local": ["web1.local"]], fqdn: "web1.local"),
        Host(node: "web1", resolver: "search local", known: ["web1": ["web1"]], fqdn: "web1"),
        // Else the names and aliases that the resolver knows for the host.
        Host(node: "web1", known: ["web1": ["web1", "w", "web1.alias.net"]], fqdn: "web1.alias.net"),
        Host(node: "web1", known: ["web1": ["other.x.net"]], fqdn: "web1.x.net"),
        Host(node: "web1", known: ["localhost": ["localhost.localdomain"]], fqdn: nil),
        Host(
            node: "web1", known: ["localhost": ["localhost.localdomain"], "web1.localdomain": ["web1"]],
            fqdn: "web1.localdomain"),
        Host(
            node: "web1", domainName: "nis.net", known: ["web1.nis.net": ["web1.real.net"], "web1": ["web1.x.net"]],
            fqdn: "web1.real.net"),
        Host(node: "web1", domainName: "(none)", known: ["web1": ["web1.x.net"]], fqdn: "web1.x.net"),
        // Else the environment.
        Host(node: "web1", environment: ["LOCALDOMAIN": ".env.net.", "DOMAIN": "d.net"], fqdn: "web1.env.net"),
        Host(node: "web1", environment: ["LOCALDOMAIN": "", "DOMAIN": "d.net"], fqdn: "web1.d.net"),
        // A node name with dots is tried as it is, then from the front, then with shorter ends of the domain.
        Host(
            node: "web1.x.net", resolver: "search y.net", known: ["web1.x.net.y.net": ["a"]], fqdn: "web1.x.net.y.net"),
        Host(node: "web1.x.net", resolver: "search y.net", known: ["web1.x.net": ["a"]], fqdn: "web1.x.net"),
        Host(
            node: "web1.x.net", resolver: "search x.net", known: ["web1.x.net": ["a"], "web1.net": ["b"]],
            fqdn: "web1.x.net"),
        Host(node: "web1.a", resolver: "search x.net", known: ["web1.net": ["b"]], fqdn: "web1.net"),
        Host(node: "web1.x.net", known: ["web1.x.net": ["web1.x.net"]], fqdn: "web1.x.net"),
        Host(node: "10.1.2.3", known: [:], fqdn: "10.1.2.3"),
        Host(node: "web1", fqdn: nil),
        Host(node: "", known: ["": ["x"]], fqdn: nil),
        Host(node: "vm", known: ["vm": ["vm"]], fqdn: "vm"),
    ])
    func findsTheNameThatPerlFinds(host: Host) {
        #expect(host.found() == host.fqdn)
    }

    private static let hasPerl = unsafe access("/usr/share/perl/5.36/Net/Domain.pm", R_OK) == 0

    @Test(.enabled(if: hasPerl))
    func agreesWithPerlOnThisHost() throws {
        guard let pipe = unsafe popen("perl -MNet::Domain=hostfqdn -e 'print hostfqdn() // q()'", "r") else {
            Issue.record("perl could not be started")
            return
        }
        var output = [UInt8](repeating: 0, count: 1024)
        let count = unsafe fread(&output, 1, output.count, pipe)
        let status = unsafe pclose(pipe)
        #expect(status == 0)
        #expect(Hostname.fqdn() ?? "" == String(decoding: output.prefix(count), as: UTF8.self))
    }

    @Test(
        arguments: [
            ("MemTotal:        8169456 kB\nMemFree: 1 kB\n", 7977), ("MemFree: 5 kB\nMemTotal: 1023 kB\n", 0),
            ("", nil), ("MemTotal:", nil),
            ("MemTotal: x kB", nil), ("MemTotal: -5 kB", nil), ("MemTotal: 99999999999999999999 kB", nil),
        ] as [(String, Int?)])
    func countsMemoryInWholeMebibytes(meminfo: String, megabytes: Int?) {
        #expect(HostResources.memoryMB(meminfo: meminfo) == megabytes)
    }

    @Test func thisHostHasProcessorsAndMemory() {
        #expect(HostResources.cpuCount() >= 1)
        #expect(HostResources.memoryMB() >= 1)
    }
}
