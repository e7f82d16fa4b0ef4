import Recipes
import Testing

@Suite struct LayoutTests {
    @Test func everyNodeAboveIsAnAncestor() {
        #expect(Layout.ancestors(of: "/a/b/c") == ["/a", "/a/b"])
        #expect(Layout.ancestors(of: "/a") == [])
    }

    /// Found by fuzzing: to Swift, a slash and the mark behind it are one character.
    @Test(arguments: ["\u{301}x", "x\u{600}", "\u{200d}"])
    func aSlashIsASlashWhateverStandsBesideIt(name: String) {
        let layout = Layout(prefix: "/\(name)")
        #expect(
            Layout.ancestors(of: layout.record(name)).map { Array($0.utf8) } == [
                Array("/\(name)".utf8), Array("/\(name)/jobs".utf8),
            ])
        #expect(Array(Layout.name(of: layout.record(name)).utf8) == Array(name.utf8))
        #expect(layout.seed(layout.leases(name), nodeData: []) == Array("0".utf8))
    }
}
