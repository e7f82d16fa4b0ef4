import Testing

@testable import POSIX

/// Whose a file is in a user namespace.
struct FileOwnerTests {
    @Test(arguments: [
        ("         0          0 4294967295\n", true), ("0 100000 65536\n", true), ("0 100000 65534\n", false),
        ("0 1000 1\n", false),
        ("0 1000 1\n1 100000 65536\n", true), ("65534 65534 1\n", true), ("65535 0 10\n", false), ("", true),
        ("x\n", false),
    ])
    func aNumberIsKnownIfTheMapHasIt(map: String, isKnown: Bool) {
        #expect(FileOwner.hasNumber(65_534, in: Array(map.utf8)) == isKnown)
    }
}
