/// Who a session says it is, and to whom what it creates is open.
package struct Access: Sendable {
    /// All of them are shown, with each connection anew.
    package var credentials: [Credential]
    /// Of each znode that is created.
    package var list: [AccessEntry]

    package init(credentials: [Credential] = [], list: [AccessEntry] = [.everybody]) {
        self.credentials = credentials
        self.list = list
    }
}

/// What a session shows the servers to be somebody. Source: ZooKeeper Programmer's Guide, "ZooKeeper access control using ACLs".
package struct Credential: Sendable, CustomStringConvertible, CustomReflectable {
    /// Such as "digest".
    package let scheme: String
    /// For digest `user:password`. Never shown: neither by an error nor by a debugger's print.
    package let secret: [UInt8]

    package init(scheme: String, secret: [UInt8]) {
        self.scheme = scheme
        self.secret = secret
    }

    package var description: String { "\(scheme):(hidden)" }
    package var customMirror: Mirror { Mirror(self, children: ["scheme": scheme]) }
}

/// One line of a znode's access list.
package struct AccessEntry: Sendable, Equatable {
    package let scheme: String
    package let id: String
    package let permissions: Permissions

    package init(scheme: String, id: String, permissions: Permissions) {
        self.scheme = scheme
        self.id = id
        self.permissions = permissions
    }

    /// Everything to everybody.
    package static let everybody = AccessEntry(scheme: "world", id: "anyone", permissions: .all)
    /// Everything to whoever creates it; the servers put the session's identities in the place of this one.
    package static let creator = AccessEntry(scheme: "auth", id: "", permissions: .all)

    /// Whether everybody may change something by it.
    package var isOpen: Bool { scheme == "world" && !permissions.isDisjoint(with: [.write, .create, .delete, .admin]) }

    /// As ZooKeeper's own tools write it.
    package var text: String { "\(scheme):\(id):\(permissions.text)" }
}

/// What an access list allows; the bits are ZooKeeper's (zookeeper.h, ZOO_PERM_READ and the others).
package struct Permissions: OptionSet, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let read = Permissions(rawValue: 1)
    package static let write = Permissions(rawValue: 2)
    /// Children of it.
    package static let create = Permissions(rawValue: 4)
    /// Children of it.
    package static let delete = Permissions(rawValue: 8)
    /// Its access list.
    package static let admin = Permissions(rawValue: 16)
    package static let all: Permissions = [.read, .write, .create, .delete, .admin]

    private static let letters: [(Character, Permissions)] = [
        ("c", .create), ("d", .delete), ("r", .read), ("w", .write), ("a", .admin),
    ]

    /// Nil: not some of the letters "cdrwa", each once.
    package init?(text: String) {
        var permissions: Permissions = []
        for letter in text {
            guard let one = Self.letters.first(where: { $0.0 == letter })?.1, !permissions.contains(one) else {
                return nil
            }
            permissions.insert(one)
        }
        guard !permissions.isEmpty else { return nil }
        self = permissions
    }

    package var text: String { String(Self.letters.filter { contains($0.1) }.map(\.0)) }
}
