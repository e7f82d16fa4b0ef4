/// The one timer of a process. Alarms are mostly put off: it is looked at again when the first would have come.
final class Alarm {
    private let world: World
    private let schedule: Scheduling
    private var armedAt = Int64.max
    private var number = 0
    var ring: () -> Void = {}
    /// In nanoseconds of the world's clock.
    var due: Int64? {
        didSet { arm() }
    }

    init(world: World, schedule: Scheduling) {
        self.world = world
        self.schedule = schedule
    }

    private func arm() {
        guard let due, due < armedAt else { return }
        armedAt = due
        number += 1
        let number = number
        world.agenda.at(due) { [self] in
            schedule.whenRunning { [self] in
                guard self.number == number else { return }
                armedAt = .max
                guard let due = self.due else { return }
                if due > world.now { return arm() }
                self.due = nil
                ring()
            }
        }
    }
}
