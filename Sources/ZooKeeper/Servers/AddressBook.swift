import Coordination
import Glibc

/// The addresses of each server as they were last known: while a name server is away, nobody has moved.
struct AddressBook: Sendable {
    private let servers: [Server]
    private var known: [[Address]]
    /// Those that are not known any more, and that the C client may still be given to: only for what is said of them.
    private var former: [Address] = []

    init(servers: [Server]) {
        self.servers = servers
        known = servers.map { _ in [] }
    }

    /// Of the only server, which is named by its address.
    init(server: Server, address: Address) {
        servers = [server]
        known = [[address]]
    }

    /// Asks for all of them; takes as long as it takes.
    mutating func lookUp() {
        for (index, server) in servers.enumerated() {
            let found = Address.resolve(server, flags: 0)
            if found.isEmpty { continue }
            for address in known[index]
            where address.isEncrypted && !found.contains(address) && !former.contains(address) {
                former.append(address)
            }
            known[index] = found
        }
    }

    /// Each once.
    var addresses: [Address] {
        var all: [Address] = []
        for address in known.joined() where !all.contains(address) { all.append(address) }
        return all
    }

    /// The servers whose name has not been found yet, as `zkhosts` has them.
    var withoutAddress: [String] { zip(servers, known).filter { $0.1.isEmpty }.map(\.0.label) }

    var allEver: [Address] { addresses + former }

    /// For people, of what the C client calls a server by.
    func label(of text: String) -> String {
        allEver.first { $0.isEncrypted && $0.text == text }?.label ?? text
    }
}
