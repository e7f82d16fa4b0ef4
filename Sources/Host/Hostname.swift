import Glibc
import POSIX

/// This host's fully qualified name, found in the way of Perl's Net::Domain (hostfqdn), whose answer stands in every
/// fleet's groups and resource names: another answer, even a better one, would be another host.
package enum Hostname {
    /// The fully qualified name; nil if there is none to be found. May ask the name servers.
    ///
    /// - Parameter within: how long to go on asking. One that hangs takes three seconds more for each server in /etc/resolv.conf,
    ///   and a resolver that RES_OPTIONS tells otherwise as long as it is told.
    package static func fqdn(within: Duration = .seconds(10)) -> String? {
        // Of the resolver's own five seconds, twice, for each of up to ten questions, a run would wait for minutes.
        let isFree = unsafe getenv("RES_OPTIONS") == nil
        if isFree { unsafe setenv("RES_OPTIONS", "timeout:1 attempts:2", 0) }
        // The command is not to inherit it.
        defer { if isFree { unsafe unsetenv("RES_OPTIONS") } }
        return fqdn(from: .system(until: ContinuousClock.now.advanced(by: within)))
    }

    /// What `gethostbyname` says of a host.
    struct Entry: Equatable {
        let name: String
        let aliases: [String]
    }

    /// Where the facts come from.
    struct Sources {
        /// uname's node name.
        let nodeName: () -> String
        /// The text of /etc/resolv.conf; nil if it cannot be read.
        let resolverConfiguration: () -> String?
        /// The NIS domain name; nil or empty if there is none.
        let domainName: () -> String?
        let entry: (String) -> Entry?
        let environment: (String) -> String?
    }

    static func fqdn(from sources: Sources) -> String? {
        let host = cleaned(sources.nodeName())
        let domain = domain(ofHost: host, from: sources)
        if let domain, domain.contains("."), !host.contains(".") {
            return host + "." + domain
        }
        if isAddress(host) {
            return host
        }
        return longestKnown(host: labels(host), domain: labels(domain ?? ""), from: sources)
    }

    // MARK: - The domain

    private static func domain(ofHost host: String, from sources: Sources) -> String? {
        if let domain = sources.resolverConfiguration().flatMap(searchDomain) {
            return domain
        }
        for name in candidates(host: host, domainName: sources.domainName()) {
            guard let entry = sources.entry(name) else { continue }
            for site in [entry.name] + entry.aliases {
                if let dot = site.utf8.lastIndex(of: UInt8(ascii: ".")), dot > site.startIndex {
                    return withoutFirstLabel(site)
                }
            }
        }
        let given = ["LOCALDOMAIN", "DOMAIN"].lazy.compactMap { sources.environment($0) }.first(where: isTrueInPerl)
        return given.map(cleaned)
    }

    /// The first word of the last `domain` or `search` line.
    private static func searchDomain(_ text: String) -> String? {
        var domain: String?
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(whereSeparator: isBlank)
            if words.count >= 2, ["domain", "search"].contains(String(words[0])) {
                domain = String(words[1])
            }
        }
        return domain
    }

    private static func candidates(host: String, domainName: String?) -> [String] {
        var candidates = [host, "localhost"]
        if !host.contains("."), let domainName {
            let domain = domainName.drop { $0 == "." }
            // What the kernel says when none was set.
            if !domain.isEmpty, domain != "(none)" {
                candidates.insert(host + "." + domain, at: 0)
            }
        }
        return candidates
    }

    private static func withoutFirstLabel(_ site: String) -> String {
        guard let dot = site.utf8.firstIndex(of: UInt8(ascii: ".")), dot > site.startIndex else { return site }
        return String(site[site.utf8.index(after: dot)...])
    }

    // MARK: - The name

    /// The longest beginning of the host's labels with the longest end of the domain's which the resolver knows.
    private static func longestKnown(host: [String], domain: [String], from sources: Sources) -> String? {
        var end = domain[...]
        while true {
            var beginning = host[...]
            while !beginning.isEmpty {
                let name = (beginning + end).joined(separator: ".")
                if let entry = sources.entry(name), isTrueInPerl(entry.name) {
                    return name
                }
                beginning = beginning.dropLast()
            }
            // Perl stops at a label that is false to it, too.
            guard let label = end.popFirst(), isTrueInPerl(label) else { return nil }
        }
    }

    /// As Perl's split: empty labels at the end are dropped, others are kept.
    private static func labels(_ name: String) -> [String] {
        var labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        while labels.last == "" {
            labels.removeLast()
        }
        return labels
    }

    /// Without line ends, zero bytes, dots at either end and doubled dots.
    private static func cleaned(_ name: String) -> String {
        let plain = name.utf8.filter { $0 != 0 && $0 != 0x0a && $0 != 0x0d }
        return plain.split(separator: UInt8(ascii: ".")).map { String(decoding: $0, as: UTF8.self) }.joined(
            separator: ".")
    }

    private static func isAddress(_ name: String) -> Bool {
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.count == 4
            && labels.allSatisfy { label in
                !label.isEmpty && label.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }

    private static func isTrueInPerl(_ text: String) -> Bool {
        text != "" && text != "0"
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }
}

extension Hostname.Sources {
    /// This host's own.
    static func system(until limit: ContinuousClock.Instant) -> Hostname.Sources {
        Hostname.Sources(
            nodeName: nodeName,
            resolverConfiguration: {
                // The resolver itself reads no more than a few lines of it.
                (try? FileBytes.read("/etc/resolv.conf", longestBytes: 1 << 20)).map {
                    String(decoding: $0, as: UTF8.self)
                }
            },
            domainName: domainName,
            entry: { name in
                for family in [AF_INET, AF_INET6] where ContinuousClock.now < limit {
                    if let entry = entry(name, family: family) { return entry }
                }
                return nil
            },
            environment: { name in
                guard let value = unsafe getenv(name) else { return nil }
                return unsafe String(cString: value)
            })
    }

    private static func nodeName() -> String {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return "" }
        return unsafe withUnsafeBytes(of: &name.nodename) { unsafe text(Array($0)) }
    }

    private static func domainName() -> String? {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe getdomainname(&name, name.count) == 0 else { return nil }
        return text(name.map { UInt8(bitPattern: $0) })
    }

    /// The bytes before the first zero byte.
    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The original sees IPv4 only; the second family is for hosts that have nothing else.
    private static func entry(_ name: String, family: Int32) -> Hostname.Entry? {
        var host = unsafe hostent()
        var found: UnsafeMutablePointer<hostent>?
        var failure: Int32 = 0
        // Larger only for names with very many addresses; without a bound a broken name service could eat all memory.
        var capacity = 8192
        while capacity <= 1 << 20 {
            var buffer = [CChar](repeating: 0, count: capacity)
            let entry: Hostname.Entry?
            let status: Int32
            (status, entry) = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                let status = unsafe gethostbyname2_r(
                    name, family, &host, buffer.baseAddress, buffer.count, &found, &failure)
                guard status == 0, let found = unsafe found else { return (status, nil) }
                return (status, unsafe copy(found.pointee))
            }
            if status != ERANGE {
                return entry
            }
            capacity *= 2
        }
        return nil
    }

    private static func copy(_ host: hostent) -> Hostname.Entry? {
        guard let name = unsafe host.h_name else { return nil }
        var aliases: [String] = []
        if var next = unsafe host.h_aliases {
            while let alias = unsafe next.pointee {
                unsafe aliases.append(String(cString: alias))
                unsafe next += 1
            }
        }
        return unsafe Hostname.Entry(name: String(cString: name), aliases: aliases)
    }
}
