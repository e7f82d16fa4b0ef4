import Testing
import Text

@Suite struct JSONValueTests {
    func parse(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

    @Test(
        arguments: [
            ("null", .null), (" \t\r\ntrue ", .boolean(true)), ("false", .boolean(false)), ("0", .integer(0)),
            ("-0", .integer(0)), ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("2.0", .integer(2)), ("2e3", .integer(2000)),
            ("0.5", .number(0.5)), ("-1.25E-2", .number(-0.0125)), ("9223372036854775808", .number(0x1p63)),
            ("\"\"", .string("")), (#""a\"\\\/\b\f\n\r\tü""#, .string("a\"\\/\u{8}\u{c}\n\r\tü")),
            (#""\u00fc\uD83D\uDE00""#, .string("ü😀")), ("[]", .array([])),
            ("[ 1 , [ ] ]", .array([.integer(1), .array([])])),
            ("{}", .object([:])), (#"{ "a" : { "b" : null } }"#, .object(["a": .object(["b": .null])])),
            (#"{"a":1,"a":2}"#, .object(["a": .integer(2)])),
        ] as [(String, JSONValue)])
    func whatIsJSONIsRead(text: String, value: JSONValue) throws { #expect(try parse(text) == value) }

    @Test(
        arguments: [
            ("7", .integer(7)), ("-1.25", .number(-1.25)), ("1.0", .verbatim("1.0")), ("-0", .verbatim("-0")),
            ("9223372036854775808", .verbatim("9223372036854775808")), ("1e2", .verbatim("1e2")),
        ] as [(String, JSONValue)])
    func numbersAreKeptForWhoWritesThemAgain(text: String, value: JSONValue) throws {
        #expect(try JSONValue.parse(Array(text.utf8), keepsNumbers: true) == value)
        #expect(value.wholeText == text)
    }

    @Test(arguments: [
        "", " ", "nul", "nulL", "True", "'a'", "+1", "01", "1.", ".5", "-", "1e", "0x1", "NaN", "1e999", "\"a",
        "\"a\nb\"",
        "\"\\x\"", "\"\\u12g4\"", "\"\\uD800\"", "\"\\uDE00\"", "\"\\uD800\\u0041\"", "[", "[1", "[1,]", "[1 2]",
        "[,1]", "{",
        "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "]", "{} x", "{}{}", "\u{feff}{}",
        "{}\0",
        "// x\n{}", String(repeating: "[", count: 1_000_000), String(repeating: "{\"a\":", count: 65) + "1",
    ])
    func whatIsNoJSONIsNone(text: String) { #expect(throws: Objection.self) { try parse(text) } }

    @Test(arguments: [
        [0x22, 0xff, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x7b, 0, 0x7d, 0], [0x22, 0xc0, 0x80, 0x22],
    ])
    func whatIsNotUTF8IsNone(bytes: [UInt8]) {
        #expect(throws: Objection.self) { try JSONValue.parse(bytes) }
    }

    @Test func theFaultIsNamedWithItsPlace() {
        #expect(throws: Objection(problem: "is not valid JSON: line 2, column 9: a digit must stand here")) {
            try parse("{\n  \"a\": -x}")
        }
    }

    @Test func theDepthIsLimited() throws {
        _ = try parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64))
        #expect(throws: Objection(problem: "is nested more than 64 levels deep")) {
            try parse(String(repeating: "[", count: 65) + String(repeating: "]", count: 65))
        }
    }

    @Test func whatPeopleEditIsTheSameDocument() throws {
        let text = #"{"b":{"y":[1,{"k":null}],"x":1.50},"a":{},"e":"é\u202e\n"}"#
        let value = try JSONValue.parse(Array(text.utf8), keepsNumbers: true)
        #expect(
            value.editableText == ##"""
                {
                  "a": {},
                  "b": {
                    "x": 1.50,
                    "y": [1,{"k":null}]
                  },
                  "e": "é\u202e\u000a"
                }

                """##)
        #expect(try JSONValue.parse(Array(value.editableText.utf8), keepsNumbers: true) == value)
    }
}
