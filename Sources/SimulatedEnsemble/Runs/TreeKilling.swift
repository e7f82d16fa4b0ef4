/// The killing of one tree: who does it, and how far it has come.
///
/// Killers side by side are as quick as the quickest of them. What is dead stays dead when one of them is stopped.
final class TreeKilling {
    enum Killer: CaseIterable { case guardian, supervisor, front, sweeper }

    private struct Work {
        let killer: Killer
        /// For the whole tree, in nanoseconds.
        var takes: Int64
        var isAtWork = true
    }

    /// The whole tree, in millionths.
    static let whole: Int64 = 1_000_000

    private let world: World
    private let die: (Int) -> Void
    private var works: [Work] = []
    /// What is to be killed still, in millionths.
    private(set) var left = whole
    /// At how much that is left each process dies, the next one last.
    private var deaths: [(left: Int64, index: Int)]
    private var settledAt: Int64
    private var round = 0
    private var isHeld = false

    /// - Parameter processes: who lives now; the first of them takes all the time.
    /// - Parameter die: told of each death.
    init(world: World, processes: [Int], die: @escaping (Int) -> Void) {
        self.world = world
        self.die = die
        settledAt = world.now
        deaths = processes.enumerated().map { order, index in
            (order == 0 ? 0 : world.dice.between(0, Self.whole - 1), index)
        }
        .sorted { ($0.left, $0.index) < ($1.left, $1.index) }
    }

    func has(_ killer: Killer) -> Bool { works.contains { $0.killer == killer } }

    /// One more kills from now on, and would take that long for the whole tree.
    func join(_ killer: Killer, takes: Int64) {
        if has(killer) { return }
        settle()
        works.append(Work(killer: killer, takes: max(1, takes)))
        plan()
    }

    /// It is stopped, or dead; or continued.
    func set(_ killer: Killer, isAtWork: Bool) {
        settle()
        for index in works.indices where works[index].killer == killer { works[index].isAtWork = isAtWork }
        plan()
    }

    /// It is continued, and has so much less time than it had when it began.
    func resume(_ killer: Killer, takes: Int64) {
        guard let index = works.firstIndex(where: { $0.killer == killer }) else { return }
        settle()
        works[index].takes = min(works[index].takes, max(1, takes))
        works[index].isAtWork = true
        plan()
    }

    /// The machine sleeps, or wakes up.
    func hold(_ isHeld: Bool) {
        settle()
        self.isHeld = isHeld
        plan()
    }

    /// Nothing more happens.
    func end() { (deaths, works, round) = ([], [], round + 1) }

    private var quickest: Int64? {
        isHeld ? nil : works.lazy.filter(\.isAtWork).map(\.takes).min()
    }

    private func settle() {
        if let quickest { left = max(0, left - (world.now - settledAt) * Self.whole / quickest) }
        settledAt = world.now
    }

    private func plan() {
        round += 1
        guard let quickest, let next = deaths.last else { return }
        let round = round
        world.agenda.after(max(0, left - next.left) * quickest / Self.whole) { [self] in
            guard self.round == round else { return }
            (left, settledAt) = (min(left, next.left), world.now)
            while let due = deaths.last, due.left >= left {
                deaths.removeLast()
                die(due.index)
            }
            if self.round == round { plan() }
        }
    }
}
