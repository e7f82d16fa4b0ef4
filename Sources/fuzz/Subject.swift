/// What is fuzzed: a piece of text from outside, and what must hold whatever stands in it.
enum Subject: String, CaseIterable {
    case leases, configuration, prefix, records, names, json, hostname, metrics

    func play(_ bytes: [UInt8]) {
        switch self {
        case .leases: Leases.play(bytes)
        case .configuration: ConfigurationFile.play(bytes)
        case .prefix: PrefixData.play(bytes)
        case .records: Records.play(bytes)
        case .names: Names.play(bytes)
        case .json: JSONTexts.play(bytes)
        case .hostname: HostFacts.play(bytes)
        case .metrics: MetricsText.play(bytes)
        }
    }
}
