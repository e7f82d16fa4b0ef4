package import Text

/// What differs between two states of the fleet's data, in lines for people.
package enum FleetChange {
    /// As many as a reader takes in.
    private static let shown = 20

    /// `groups web: ["h1"], was ["h1","h2"]`; none if nothing differs.
    package static func lines(from before: JSONValue, to after: JSONValue) -> [String] {
        let all = differences([], before, after)
        return all.prefix(shown) + (all.count > shown ? ["... \(all.count - shown) more"] : [])
    }

    private static func differences(_ path: [String], _ before: JSONValue?, _ after: JSONValue?) -> [String] {
        if before == after { return [] }
        if case .object(let old)? = before, case .object(let new)? = after {
            return Set(old.keys).union(new.keys).sorted()
                .flatMap { differences(path + [$0.text], old[$0], new[$0]) }
        }
        func text(_ value: JSONValue?) -> String { value.map { Excerpt.of($0.plainText, longest: 200) } ?? "nothing" }
        let place = Excerpt.of(path.isEmpty ? "all" : path.joined(separator: " "), longest: 200)
        return ["\(place): \(text(after)), was \(text(before))"]
    }
}
