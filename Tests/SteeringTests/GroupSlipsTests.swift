import Steering
import Testing
import Text

@Suite struct GroupSlipsTests {
    func warnings(_ members: [String], known: [String], groups: [String] = ["inner"]) -> [String] {
        GroupSlips(groups: Set(groups.map { ExactName($0) }), hosts: Set(known.map { ExactName($0) }))
            .warnings(ofMembers: members)
    }

    @Test(arguments: [
        (
            ["web1.example.org", "web2.exmaple.org"], ["a.example.org"],
            "no host of \"exmaple.org\" is known; did you mean \"web2.example.org\"?"
        ),
        (
            ["ww1.example.org", "ww2.exmaple.org"], [],
            "the domains of \"ww2.exmaple.org\" and \"ww1.example.org\" are nearly the same; did you mean \"ww2.example.org\"?"
        ),
        (
            ["a.exmaple.org", "b.example.org", "c.example.org"], [],
            "the domains of \"a.exmaple.org\" and \"b.example.org\" are nearly the same; did you mean \"a.example.org\"?"
        ),
        (
            ["WEB2.example.org"], ["web2.example.org"],
            "no host \"WEB2.example.org\" is known, and capitals count in names; did you mean \"web2.example.org\"?"
        ),
        (
            ["web1.example.org", "WEB2.example.org"], [],
            "no other host is written with capitals as \"WEB2.example.org\" is, and they count; did you mean \"web2.example.org\"?"
        ),
        (
            ["web3.Example.org"], ["web2.example.org"],
            "no host of \"Example.org\" is known; did you mean \"web3.example.org\"?"
        ),
        (["inenr"], ["a.example.org"], "\"inenr\" is no group, and other hosts have a domain; did you mean \"inner\"?"),
        (
            ["a.exmaple.org", "a.exmaple.org"], ["b.example.org"],
            "no host of \"exmaple.org\" is known; did you mean \"a.example.org\"?"
        ),
    ])
    func oneIsDoubted(members: [String], known: [String], warning: String) {
        #expect(warnings(members, known: known) == [warning])
    }

    @Test(arguments: [
        (["web1.example.org", "web2.example.org"], []),
        (["web1.example.org"], ["web1.example.org", "WEB2.exmaple.org"]),
        (["web1.us.example.org"], ["web1.eu.example.org"]), (["web1.dc2.example.org"], ["web1.dc1.example.org"]),
        (["WEB1.EXAMPLE.ORG", "WEB2.EXAMPLE.ORG"], []), (["WEB3.example.org"], ["WEB2.example.org"]),
        (["inner", "x*"], ["a.example.org"]),
        (["cache.example.com.au"], ["web1.example.org"]), (["web9.other.net"], ["web1.example.org"]),
        (["h1", "h2"], []), ([], []),
    ])
    func whatIsNewIsNoSlip(members: [String], known: [String]) {
        #expect(warnings(members, known: known) == [])
    }
}
