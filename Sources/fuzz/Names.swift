import Recipes
import Text

/// The names of nodes: places, leases and marks as others made them, and those that we make of what we were given.
enum Names {
    static func play(_ bytes: [UInt8]) {
        let name = String(decoding: bytes, as: UTF8.self)
        if let place = Place(name: name) { check(place, name) }
        if let permit = Permit(lease: name) { check(permit, name) }
        if let permit = Permit(mark: name) { check(permit, name) }
        do {
            lockname(try LockName(bytes: bytes), bytes)
        } catch {
            expectClear(error.message)
        }
        paths(bytes)
    }

    private static func check(_ place: Place, _ name: String) {
        expect((0...9_999_999_999).contains(place.sequence), "\(place) has ten digits")
        expect("\(place.lockname)-\(tenDigits(place.sequence))".isByteForByte(name), "\(place) is \(name)")
    }

    private static func check(_ permit: Permit, _ name: String) {
        expect(permit.name.isByteForByte(name), "\(permit) is \(name)")
        let least: Int64 = if case .original = permit.kind { 0 } else { 1 }
        expect(least <= permit.count && permit.count <= permit.total, "\(permit) can be counted")
        expect((1...(1 << 53)).contains(permit.total), "\(permit) has a total")
        let made: String
        switch permit.kind {
        case .original(let sequence): made = "\(permit.count)_\(permit.total)_\(tenDigits(sequence))"
        case .lease(let session, let sequence):
            made = "\(permit.count)_\(permit.total)_\(session)_\(tenDigits(sequence))"
        case .mark(let session, let termSeconds):
            expect((0...Term.secondsMax).contains(termSeconds), "\(permit) has a term that is believed")
            let n = (permit.slots?.lowerBound ?? 0) * 1_000_000_000 + 1
            made = "\(permit.count)_\(permit.total)_\(session)_\(n)_\(termSeconds)"
            expect(Permit(mark: made)?.kind == permit.kind, "\(made) is \(name)")
            expect(Permit(mark: made)?.slots == permit.slots, "\(made) has the numbers of \(name)")
            expect(Int64(permit.slots?.count ?? 0) <= permit.count, "\(permit) has a number for each permit at most")
            return
        }
        expect(Permit(lease: made)?.kind == permit.kind, "\(made) is \(name)")
    }

    private static func lockname(_ lockname: LockName, _ bytes: [UInt8]) {
        expect(Array(lockname.text.utf8) == bytes, "\(lockname) is what was given")
        let name = "\(lockname.text)-0000000042"
        guard let place = Place(name: name) else { fatalError("does not hold: \(name) is a place") }
        expect(place.lockname.isByteForByte(lockname.text) && place.sequence == 42, "\(place) is of \(lockname)")
    }

    /// The bytes as a resource's name, as a lock's, and as a prefix's.
    private static func paths(_ bytes: [UInt8]) {
        guard NodeName.objection(to: bytes, longestBytes: 512) == nil else { return }
        let name = String(decoding: bytes, as: UTF8.self)
        for prefix in ["/p", "/p/\(name)", "/\(name)/p"] {
            let layout = Layout(prefix: prefix)
            expect(layout.seed(prefix, nodeData: [7]) == Array("{}".utf8), "\(prefix) is the prefix")
            expect(layout.seed(layout.record(name), nodeData: [7]) == [7], "a record is no resource")
            expect(layout.seed(layout.leases(name), nodeData: [7]) == Array("0".utf8), "leases are a resource's")
            for path in [layout.record(name), layout.leases(name), "\(layout.queue(name))/\(name)-0000000001"] {
                expect(Layout.name(of: path).isByteForByte(String(decoding: lastComponent(path), as: UTF8.self)), path)
                expect(Layout.ancestors(of: path).map { Array($0.utf8) } == ancestors(Array(path.utf8)), path)
            }
        }
    }

    private static func lastComponent(_ path: String) -> [UInt8] {
        Array(Array(path.utf8).reversed().prefix { $0 != UInt8(ascii: "/") }.reversed())
    }

    /// What stands before each slash but the first.
    private static func ancestors(_ path: [UInt8]) -> [[UInt8]] {
        path.indices.dropFirst().filter { path[$0] == UInt8(ascii: "/") }.map { Array(path[..<$0]) }
    }

    private static func tenDigits(_ number: Int64) -> String {
        let digits = String(number.magnitude)
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }
}
