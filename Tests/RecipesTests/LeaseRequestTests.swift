import Testing

@testable import Recipes
@testable import Text

@Suite struct LeaseRequestTests {
    private static let macros = Macros(fqdn: "h1.example.net", cpuCount: 4, memoryMB: 7977)

    @Test(
        arguments: [
            ("rr=1:1", "rr", 1, 1),
            ("FQDN_cpu=1:CPU", "h1.example.net_cpu", 1, 4),
            ("FQDN_mem=4:int(MEMMB/1024)", "h1.example.net_mem", 4, 7),
            ("a b=1 : 2", "a b", 1, 2),
            ("x=1:1==1", "x", 1, 1),
            ("x=1:CPU>2?8:2", "x", 1, 8),
            ("CPUs=2:4", "4s", 2, 4),
            ("r=9007199254740991:9007199254740991", "r", 9_007_199_254_740_991, 9_007_199_254_740_991),
            ("\u{e9}=1:1e3", "\u{e9}", 1, 1000),
            ("r=1:.5*4", "r", 1, 2),
        ] as [(String, String, Int64, Int64)])
    func readsResourceCountAndTotal(text: String, resource: String, count: Int64, total: Int64) throws {
        let isOfThisHost = text.hasPrefix("FQDN")
        let expected = LeaseRequest(resource: resource, count: count, total: total, ofThisHost: isOfThisHost)
        #expect(try LeaseRequest.parse(text, macros: Self.macros) == expected)
    }

    @Test(arguments: [
        ("rr", "write RESOURCE=COUNT:TOTAL"),
        ("", "write RESOURCE=COUNT:TOTAL"),
        ("rr=", "column 4: expected a number"),
        ("=1:2", "is empty"),
        ("a/b=1:2", "contains '/'"),
        (".=1:2", "is \".\""),
        ("..=1:2", "is \"..\""),
        ("a\u{1}b=1:2", "control character"),
        ("a\u{85}b=1:2", "control character"),
        ("\u{1f600}=1:2", "ZooKeeper refuses"),
        ("r=:2", "column 3: expected a number"),
        ("r=1:", "column 5: expected a number"),
        ("r=1:2:3", "column 6: expected an operator, found \":\""),
        ("r=1:2CPU", "column 6: a macro cannot be part of a number"),
        ("r=1:`id`", "column 5: \"`\" is not allowed"),
        ("r=CPU>2?1:2", "the first colon ends COUNT"),
        ("x==1:2", "column 3"),
        ("r=0:2", "COUNT is 0; it must be an integer"),
        ("r=-0:2", "COUNT is 0; it must be an integer"),
        ("r=-1:2", "COUNT is -1"),
        ("r=1:0", "TOTAL is 0"),
        ("r=1.5:2", "int(...) cuts the fraction off"),
        ("r=1:CPU/3", "a fraction"),
        ("r=3:2", "COUNT is at most TOTAL"),
        ("r=1:9007199254740992", "TOTAL is 9007199254740992; it must be an integer from 1 to below 2**53"),
        ("r=1:1e300", "TOTAL is 1e+300"),
    ])
    func saysWhatIsWrong(text: String, hint: String) throws {
        let error = #expect(throws: LeaseError.self) { try LeaseRequest.parse(text, macros: Self.macros) }
        let message = try #require(error?.message)
        #expect(message.contains(hint), "\(message)")
        #expect(message.hasPrefix("--lease \""))
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func refusesALongResourceName() {
        #expect(throws: Never.self) {
            try LeaseRequest.parse(String(repeating: "r", count: 255) + "=1:2", macros: Self.macros)
        }
        #expect(throws: LeaseError.self) {
            try LeaseRequest.parse(String(repeating: "r", count: 256) + "=1:2", macros: Self.macros)
        }
    }

    @Test func countsTheNameAfterTheMacros() {
        let macros = Macros(fqdn: "a/b", cpuCount: 4, memoryMB: 1)
        #expect(throws: LeaseError.self) { try LeaseRequest.parse("FQDN=1:2", macros: macros) }
    }

    @Test func refusesALongTextAndShowsLittleOfIt() throws {
        let long = "r=1:1" + String(repeating: "+1", count: 3000)
        let error = #expect(throws: LeaseError.self) { try LeaseRequest.parse(long, macros: Self.macros) }
        #expect(try #require(error?.message).utf8.count < 160)
        let longest = "r=1:1" + String(repeating: " ", count: 4096 - 5)
        #expect(throws: Never.self) { try LeaseRequest.parse(longest, macros: Self.macros) }
        #expect(throws: LeaseError.self) { try LeaseRequest.parse(longest + " ", macros: Self.macros) }
    }

    @Test(
        arguments: [
            ("r=1", nil, nil), ("r=1", 4, 4), ("r=4", 4, 4), ("r=5", 4, nil), ("r=1:4", nil, 4), ("r=1:4", 4, 4),
            ("r=1:3", 4, nil), ("r=1:5", 4, nil),
        ] as [(String, Int64?, Int64?)])
    func agreesWithTheDeclaredTotal(text: String, declared: Int64?, total: Int64?) throws {
        let request = try LeaseRequest.parse(text, macros: Self.macros)
        guard let total else {
            let error = #expect(throws: LeaseError.self) { try request.checked(declared: declared) }
            let message = try #require(error?.message)
            return #expect(message.hasPrefix("--lease r") && message.contains("\"totals\""), "\(message)")
        }
        #expect(try request.checked(declared: declared).total == total)
    }

    @Test(
        arguments: [
            ("r=TOTAL:8", nil, 8), ("r=TOTAL/2:CPU", nil, 2), ("r=max(1,TOTAL-1):1", nil, 1), ("r=TOTAL", 5, 5),
            ("r=TOTAL-1", 5, 4), ("r=TOTAL:5", 5, 5), ("r=TOTAL", nil, nil), ("r=TOTAL+1", 5, nil),
            ("r=TOTAL/2", 5, nil),
            ("r=TOTAL-5", 5, nil), ("r=1/(TOTAL-5)", 5, nil),
        ] as [(String, Int64?, Int64?)])
    func countsByTheTotal(text: String, declared: Int64?, count: Int64?) throws {
        let request = try LeaseRequest.parse(text, macros: Self.macros)
        guard let count else {
            let error = #expect(throws: LeaseError.self) { try request.checked(declared: declared) }
            return #expect(try #require(error?.message).hasPrefix("--lease"))
        }
        #expect(try request.checked(declared: declared).count == count)
    }

    /// A total that is declared anew is another count.
    @Test func countsByTheTotalOfTheMoment() throws {
        let request = try LeaseRequest.parse("r=TOTAL", macros: Self.macros).checked(declared: 5)
        #expect(try request.checked(declared: 7).count == 7)
    }

    @Test(
        arguments: [
            ("r=1:TOTAL", "TOTAL cannot stand in TOTAL, only in COUNT"),
            ("r=2TOTAL:8", "a macro cannot be part of a number"),
            ("r=TOTALS:8", "a macro cannot be part of a word"), ("r=TOTAL*2:8", "asks for 16 of 8"),
            ("r=(TOTAL", "expected \")\" or an operator"), ("r=TOTAL CPU", "expected an operator"),
        ])
    func refusesATotalThatMeansNothing(text: String, problem: String) throws {
        let error = #expect(throws: LeaseError.self) { try LeaseRequest.parse(text, macros: Self.macros) }
        #expect(try #require(error?.message).contains(problem), "\(error?.message ?? "")")
    }

    @Test func tellsRequestsApartThatDependOnTheTotal() throws {
        let requests = try ["r=TOTAL", "r=TOTAL-1"].map { try LeaseRequest.parse($0, macros: Self.macros) }
        #expect(try LeaseRequest.unique([requests[0], requests[0]]).count == 1)
        let error = #expect(throws: LeaseError.self) { try LeaseRequest.unique(requests) }
        #expect(try #require(error?.message).contains("TOTAL and TOTAL-1"))
    }

    @Test func keepsTheSameRequestOnce() throws {
        let a = LeaseRequest(resource: "a", count: 1, total: 2)
        let b = LeaseRequest(resource: "b", count: 1, total: 2)
        #expect(try LeaseRequest.unique([b, a, b, a]) == [b, a])
        #expect(try LeaseRequest.unique([]) == [])
    }

    @Test(arguments: [LeaseRequest(resource: "a", count: 2, total: 2), LeaseRequest(resource: "a", count: 1, total: 3)])
    func refusesDifferentRequestsForOneResource(other: LeaseRequest) throws {
        let a = LeaseRequest(resource: "a", count: 1, total: 2)
        let error = #expect(throws: LeaseError.self) { try LeaseRequest.unique([a, other]) }
        #expect(try #require(error?.message).contains("\"a\" is asked for twice"))
    }

    @Test func tellsNamesApartByTheirBytes() throws {
        let composed = LeaseRequest(resource: "\u{e9}", count: 1, total: 2)
        let decomposed = LeaseRequest(resource: "e\u{301}", count: 2, total: 2)
        #expect(try LeaseRequest.unique([composed, decomposed]).count == 2)
    }
}
