import Testing

@testable import Text

@Suite struct LeaseExpressionTests {
    private static let macros = Macros(fqdn: "h1.example.net", cpuCount: 4, memoryMB: 7977)

    /// Each value is what `perl -e` (5.36) prints with the macros' values in place.
    @Test(
        arguments: [
            ("0", 0), ("42", 42), ("0.5", 0.5), (".5", 0.5), ("1.", 1), ("1e3", 1000), ("1.5E+3", 1500), ("25e-1", 2.5),
            ("CPU", 4), ("MEMMB", 7977), ("CPU-1", 3), ("int(MEMMB/1024)", 7), ("int MEMMB/1024", 7),
            ("max(1,int(CPU/4))", 1),
            ("2+3*4-1", 13), ("2*3%4", 2), ("10-4-3", 3), ("64/4/2", 8), ("(10-4)*3", 18), (" 1\t+ 2 ", 3),
            ("2**3**2", 512), ("2**-1", 0.5), ("-2**2", -4), ("2**-3**2", 0.001953125), ("5%3**2", 5), ("2*3**2", 18),
            ("- -3", 3), ("+3", 3), ("1- -1", 2), ("-+-3", 3),
            ("7%3", 1), ("-7%3", 2), ("7%-3", -2), ("-7%-3", -1), ("7.9%3", 1), ("-7.5%3", 2), ("10%3.7", 1),
            ("6%-3", 0),
            ("1e20%7", 2), ("-1e20%7", 5),
            ("!0", 1), ("!5", 0), ("!2+1", 1), ("!3**2", 0), ("-!1+1", 1),
            ("1<2", 1), ("2<=1", 0), ("2>1", 1), ("1>=1", 1), ("1==1.0", 1), ("1!=2", 1), ("1<=>2", -1), ("4<=>3", 1),
            ("3<=>3", 0),
            ("1<2==1", 1), ("1==1<2", 1), ("1<2<=>1", 0), ("(1<2)<3", 1), ("1+1<3", 1),
            ("0||5", 5), ("3&&4", 4), ("0&&4", 0), ("2||3", 2), ("1&&0||5", 5), ("1||0&&0", 1), ("1<2&&3", 3),
            ("1?2:3", 2), ("0?2:3", 3), ("1?2:3+1", 2), ("0?2:3+1", 4), ("1?2:0?4:5", 2), ("0?2:0?4:5", 5),
            ("0?1?2:3:4", 4),
            ("CPU>2?CPU-1:1", 3),
            ("int(7.9)", 7), ("int -7.5", -7), ("int 7/2", 3), ("int(7.5)/2", 3.5), ("2*int 3.5+1", 8),
            ("int 3.5<4", 1),
            ("abs(-3)", 3), ("abs -3+1", 2), ("int abs -3.5", 3), ("floor(-1.5)", -2), ("ceil(1.2)", 2),
            ("round(2.5)", 3),
            ("round(-2.5)", -3), ("min(3,1,2)", 1), ("max(3)", 3), ("min (CPU, 2+1)", 3), ("max(1<2, 0)", 1),
        ] as [(String, Double)])
    func givesWhatPerlGives(text: String, value: Double) throws {
        #expect(try LeaseExpression.evaluate(text, macros: Self.macros) == value)
    }

    @Test(arguments: [
        ("", 1), (" ", 2), ("1+", 3), ("(1", 3), ("1)", 2), ("()", 2), ("*2", 1), ("1 2", 3), ("1,2", 2),
        ("010", 1), ("1+08", 3), ("00.5", 1), ("0x10", 2), ("1_000", 2), ("1..5", 3), ("1.2.3", 4), (".", 1), ("1e", 2),
        ("1e+", 2), ("1e400", 1), ("9e999999999", 1),
        ("2CPU", 2), ("CPU2", 1), ("CPUMEMMB", 1), ("1eCPU", 2), ("2.MEMMB", 3), ("FQDN", 1), ("2+FQDN", 3),
        ("CPU.5", 4),
        ("cpu", 1), ("1+foo", 3), ("sin(1)", 1), ("1 x 3", 3), ("not 1", 1), ("nan", 1), ("inf", 1), ("_", 1),
        ("`id`", 1), ("$x", 1), ("@x", 1), ("1;2", 2), ("\"1\"", 1), ("'1'", 1), ("1=1", 2), ("1&1", 2), ("1|1", 2),
        ("1^1", 2),
        ("~1", 1), ("1<<2", 3), ("1\n+1", 2), ("1\u{e9}", 2), ("\u{1f600}", 1), ("1\0", 2), ("[1]", 1), ("{1}", 1),
        ("1\\1", 2),
        ("--3", 1), ("1--1", 2), ("2* *3", 4), ("2***3", 4), ("1! =2", 4), ("1!2", 2), ("1< =2", 4),
        ("1<2<3", 4), ("1==1==1", 5), ("1<=>2<=>3", 6), ("1==2!=3", 5),
        ("1?2", 4), ("1?:2", 3), ("1:2", 2),
        ("int()", 5), ("int(1,2)", 6), ("max()", 5), ("max(1,)", 7), ("max 1,2", 5), ("floor 1.5", 7), ("int", 4),
        ("1/0", 2), ("0/0", 2), ("1%0", 2), ("5%0.5", 2), ("0**-1", 2), ("(-8)**0.5", 5), ("2**1024", 2),
        ("1e308*10", 6),
        ("1e308+1e308", 6), ("1/(CPU-4)", 2),
    ])
    func refusesEverythingElseAndSaysWhere(text: String, column: Int) {
        let fault = #expect(throws: LeaseExpression.Fault.self) {
            try LeaseExpression.evaluate(text, macros: Self.macros)
        }
        #expect(fault?.column == column)
        #expect(fault?.problem.contains("\n") == false)
    }

    @Test(
        arguments: [("0&&1/0", 0), ("1||1/0", 1), ("1?2:1%0", 2), ("0?2**9999:3", 3), ("0&&(1?1/0:1/0)||7", 7)]
            as [(String, Double)])
    func doesNotComputeWhatIsNotTaken(text: String, value: Double) throws {
        #expect(try LeaseExpression.evaluate(text, macros: Self.macros) == value)
    }

    @Test(arguments: ["0&&foo", "1||(", "1?2:)", "1||1e400"])
    func readsWhatIsNotTaken(text: String) {
        #expect(throws: LeaseExpression.Fault.self) { try LeaseExpression.evaluate(text, macros: Self.macros) }
    }

    @Test(arguments: ["(", "-", "- ", "!", "int ", "int(", "max(", "2**", "1?", "1?1:", "1+(", "abs -"])
    func refusesWhatIsNestedTooDeep(text: String) {
        let fault = #expect(throws: LeaseExpression.Fault.self) {
            try LeaseExpression.evaluate(String(repeating: text, count: 20_000) + "1", macros: Self.macros)
        }
        #expect(fault?.problem.isEmpty == false)
    }

    @Test func takesLongSumsWhichAreNotDeep() throws {
        let sum = "1" + String(repeating: "+1", count: 50_000)
        #expect(try LeaseExpression.evaluate(sum, macros: Self.macros) == 50_001)
    }
}
