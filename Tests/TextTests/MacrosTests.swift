import Testing

@testable import Text

@Suite struct MacrosTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("FQDN", "h1.example.net"), ("FQDN_cpu", "h1.example.net_cpu"), ("CPU", "4"),
        ("MEMMB", "7977"), ("xCPUy", "x4y"), ("CPUCPU", "44"), ("FQDNCPUMEMMB", "h1.example.net47977"),
        ("fqdn cpu", "fqdn cpu"),
        ("FQD", "FQD"), ("MEMM", "MEMM"), ("FQFQDN", "FQh1.example.net"), ("\u{e9}CPU\u{301}", "\u{e9}4\u{301}"),
    ])
    func replacesEveryMacroWhereverItStands(name: String, expanded: String) {
        let macros = Macros(fqdn: "h1.example.net", cpuCount: 4, memoryMB: 7977)
        #expect(Array(macros.expand(name).utf8) == Array(expanded.utf8))
    }

    @Test func doesNotLookAgainAtWhatAMacroBecame() {
        let macros = Macros(fqdn: "CPU-FQDN-MEMMB", cpuCount: 4, memoryMB: 1)
        #expect(macros.expand("FQDN/CPU") == "CPU-FQDN-MEMMB/4")
    }
}
