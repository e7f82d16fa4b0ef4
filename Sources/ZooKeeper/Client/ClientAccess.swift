import CZooKeeper
import Coordination

/// The access list of what a client creates, in the library's form, and the schemes of what it shows. It stays for good, like the
/// client whose it is: see `Client.open`.
///
/// `@unchecked Sendable`: nobody writes to it once it is made.
@safe final class ClientAccess: @unchecked Sendable {
    let list: UnsafePointer<ACL_vector>
    let credentials: [Credential]
    private let schemes: [String]

    init(_ access: Access) {
        credentials = access.credentials
        schemes = credentials.map(\.scheme)
        let list = access.list
        let entries = UnsafeMutablePointer<ACL>.allocate(capacity: list.count)
        for (index, entry) in list.enumerated() {
            let id = unsafe Id(scheme: Self.copy(entry.scheme), id: Self.copy(entry.id))
            unsafe (entries + index).initialize(to: ACL(perms: entry.permissions.rawValue, id: id))
        }
        let vector = UnsafeMutablePointer<ACL_vector>.allocate(capacity: 1)
        unsafe vector.initialize(to: ACL_vector(count: Int32(list.count), data: entries))
        unsafe self.list = UnsafePointer(vector)
    }

    func attempt(_ request: Request) -> Failure.Attempt {
        if case .multi(let operations) = request, let first = operations.first { return attempt(first) }
        var verb = Failure.Attempt.Verb.read
        if case .protect = request { verb = .protect }
        return Failure.Attempt(verb, schemes: schemes)
    }

    func attempt(_ operation: Operation) -> Failure.Attempt {
        let verb: Failure.Attempt.Verb =
            switch operation {
            case .create: .create
            case .delete: .delete
            case .set: .write
            case .check: .read
            }
        return Failure.Attempt(verb, schemes: schemes)
    }

    private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = Array(text.utf8CString)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        unsafe copy.initialize(from: bytes, count: bytes.count)
        return unsafe copy
    }
}
