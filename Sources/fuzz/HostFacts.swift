@testable import Host

/// What the system says of this host: its name, resolv.conf, the NIS domain, an entry, the environment, /proc/meminfo.
enum HostFacts {
    static func play(_ bytes: [UInt8]) {
        var fields = Fields(bytes)
        let (nodeName, configuration, domainName) = (fields.text(), fields.text(), fields.text())
        let (entryName, alias, given) = (fields.text(), fields.text(), fields.text())
        var asked = 0
        let fqdn = Hostname.fqdn(
            from: Hostname.Sources(
                nodeName: { nodeName }, resolverConfiguration: { configuration.isEmpty ? nil : configuration },
                domainName: { domainName },
                entry: {
                    asked += 1
                    return $0.isByteForByte(entryName) ? Hostname.Entry(name: entryName, aliases: [alias]) : nil
                },
                environment: { _ in given }))
        expect(fqdn != "", "no name is not an empty name")
        expect(asked <= (bytes.count + 4) * (bytes.count + 4), "the name service is asked so often, and no more")
        if let megabytes = HostResources.memoryMB(meminfo: configuration) {
            expect(megabytes >= 0, "\(megabytes) MB is an amount")
        }
    }
}
