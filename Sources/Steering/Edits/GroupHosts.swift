package import Recipes
package import Text

/// The hosts of each group, for whoever asks of many groups: names are looked up once, and groups that include one another
/// in a ring of thousands cost numbers only.
package struct GroupHosts {
    private struct Group {
        var groups: [Int] = []
        var hosts: [ExactName] = []
    }

    private let numbers: [ExactName: Int]
    private let groups: [Group]

    package init(_ fleet: FleetData) {
        let numbers = Dictionary(uniqueKeysWithValues: fleet.groups.keys.enumerated().map { ($1, $0) })
        self.numbers = numbers
        groups = fleet.groups.values.map { members in
            var group = Group()
            for member in members.map({ ExactName($0) }) {
                if let number = numbers[member] { group.groups.append(number) } else { group.hosts.append(member) }
            }
            return group
        }
    }

    /// Its groups' included, each once, in the order of their names.
    package func of(_ group: ExactName) -> [String] {
        guard let number = numbers[group] else { return [] }
        var hosts: Set<ExactName> = []
        var isSeen = [Bool](repeating: false, count: groups.count)
        isSeen[number] = true
        var toVisit = [number]
        while let next = toVisit.popLast() {
            hosts.formUnion(groups[next].hosts)
            for inner in groups[next].groups where !isSeen[inner] {
                isSeen[inner] = true
                toVisit.append(inner)
            }
        }
        return hosts.sorted().map(\.text)
    }
}
