/// The paths between machines and servers: how long a message takes, and which are cut.
final class Network {
    private struct Path {
        var cutsUp = 0
        var cutsDown = 0
        /// The longest that a message takes while the path is slow.
        var slowness: Int64 = 0
    }

    private var paths: [[Path]]
    private var connections: [Connection] = []

    init(machines: Int, servers: Int) {
        paths = Array(repeating: Array(repeating: Path(), count: servers), count: machines)
    }

    func delay(_ machine: Int, _ server: Int, _ dice: inout Dice) -> Int64 {
        let slowness = paths[machine][server].slowness
        return slowness == 0 ? dice.between(millisecond / 10, 2 * millisecond) : dice.skewed(upTo: slowness)
    }

    func isCutUp(_ machine: Int, _ server: Int) -> Bool { paths[machine][server].cutsUp > 0 }
    func isCutDown(_ machine: Int, _ server: Int) -> Bool { paths[machine][server].cutsDown > 0 }

    /// A connection that is held back needs to be told when its path is whole again.
    func remember(_ connection: Connection) { connections.append(connection) }
    func forget(_ connection: Connection) { connections.removeAll { $0 === connection } }

    func cut(_ machine: Int, _ server: Int, up: Bool, down: Bool) {
        if up { paths[machine][server].cutsUp += 1 }
        if down { paths[machine][server].cutsDown += 1 }
    }

    func heal(_ machine: Int, _ server: Int, up: Bool, down: Bool) {
        if up { paths[machine][server].cutsUp -= 1 }
        if down { paths[machine][server].cutsDown -= 1 }
        for connection in connections where connection.machine == machine && connection.server == server {
            connection.release()
        }
    }

    func slow(_ machine: Int, _ server: Int, to slowness: Int64) { paths[machine][server].slowness = slowness }
}
