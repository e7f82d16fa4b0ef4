import CZooKeeper
import Coordination
import Glibc

/// The one way in which a callback crosses from C: retained once when the C call is made, released at once when the
/// call fails or in the callback. Data is copied inside the callback, since the library frees it afterwards.
final class Completion {
    private let burst: Burst
    private let index: Int
    private let request: Request
    private let access: ClientAccess
    private var operations: MultiBuffers?

    init(of burst: Burst, index: Int, request: Request, access: ClientAccess) {
        self.access = access
        self.burst = burst
        self.index = index
        self.request = request
    }

    /// Makes the C call; anything but ZOK means that no callback will come.
    func send(on handle: OpaquePointer) -> Int32 {
        let me = unsafe Unmanaged.passRetained(self)
        let data = UnsafeRawPointer(unsafe me.toOpaque())
        let code: Int32 =
            switch request {
            case .get(let path, let watch):
                unsafe zoo_aget(handle, path, watch ? 1 : 0, onData, data)
            case .exists(let path, let watch):
                unsafe zoo_aexists(handle, path, watch ? 1 : 0, onStat, data)
            case .children(let path, let watch):
                unsafe zoo_aget_children(handle, path, watch ? 1 : 0, onStrings, data)
            case .accessList(let path):
                unsafe zoo_aget_acl(handle, path, onAccessList, data)
            case .protect(let path):
                unsafe zoo_aset_acl(handle, path, -1, UnsafeMutablePointer(mutating: access.list), onProtected, data)
            case .multi(let operations):
                unsafe sendMulti(operations, on: handle, data: data)
            }
        if code != Int32(ZOK.rawValue) { unsafe me.release() }
        return code
    }

    private func sendMulti(_ operations: [Operation], on handle: OpaquePointer, data: UnsafeRawPointer) -> Int32 {
        let buffers = MultiBuffers(operations, access: access)
        self.operations = buffers
        return unsafe zoo_amulti(
            handle, Int32(operations.count), buffers.operations.baseAddress, buffers.results.baseAddress, onVoid, data)
    }

    func fulfil(_ answer: Result<Response, Failure>) { burst.fulfil(index, answer) }

    func fail(_ code: Int32) {
        fulfil(.failure(Failure(code: code, path: request.path, attempt: access.attempt(request))))
    }

    func finishMulti(_ code: Int32) {
        guard case .multi(let list) = request, let operations else { return fail(code) }
        if code == Int32(ZOK.rawValue) { return fulfil(.success(.committed(operations.madePaths))) }
        // The first that failed of itself: the others were only rolled back with it.
        let innocent = [Int32(ZOK.rawValue), Int32(ZRUNTIMEINCONSISTENCY.rawValue)]
        if let index = operations.codes.firstIndex(where: { !innocent.contains($0) }) {
            fulfil(
                .failure(
                    Failure(
                        code: operations.codes[index], path: list[index].path, operation: index,
                        attempt: access.attempt(list[index]))))
        } else {
            fail(code)
        }
    }

    static func take(_ data: UnsafeRawPointer?) -> Completion? {
        guard let data = unsafe data else { return nil }
        return unsafe Unmanaged<Completion>.fromOpaque(data).takeRetainedValue()
    }
}

/// The memory that a multi needs until its answer has come: the C structures, their strings, and room for made paths.
@safe private final class MultiBuffers {
    let operations: UnsafeMutableBufferPointer<zoo_op_t>
    let results: UnsafeMutableBufferPointer<zoo_op_result_t>
    private var texts: [UnsafeMutablePointer<CChar>] = unsafe []
    private var made: [UnsafeMutablePointer<CChar>?] = unsafe []
    /// Longer than any path here: a prefix, "semaphores", a resource of 255 bytes and a name.
    private static let pathCapacity = 4096

    init(_ list: [Operation], access: ClientAccess) {
        unsafe operations = .allocate(capacity: list.count)
        unsafe results = .allocate(capacity: list.count)
        unsafe results.initialize(repeating: zoo_op_result_t())
        unsafe operations.initialize(repeating: zoo_op_t())
        for (index, operation) in list.enumerated() {
            let path = unsafe copy(Array(operation.path.utf8))
            guard let target = unsafe operations.baseAddress?.advanced(by: index) else { continue }
            switch operation {
            case .create(_, let data, let mode):
                let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Self.pathCapacity)
                unsafe buffer.initialize(repeating: 0, count: Self.pathCapacity)
                unsafe made.append(buffer)
                let flags: Int32 =
                    switch mode {
                    case .persistent: 0
                    case .ephemeral: ZOO_EPHEMERAL
                    case .ephemeralSequential: ZOO_EPHEMERAL | ZOO_SEQUENCE
                    }
                unsafe sw_op_create(
                    target, path, copy(data), Int32(data.count), access.list, flags, buffer, Int32(Self.pathCapacity)
                )
            case .set(_, let data, let version):
                unsafe made.append(nil)
                unsafe zoo_set_op_init(target, path, copy(data), Int32(data.count), version, nil)
            case .delete:
                unsafe made.append(nil)
                unsafe zoo_delete_op_init(target, path, -1)
            case .check(_, let version):
                unsafe made.append(nil)
                unsafe zoo_check_op_init(target, path, version)
            }
        }
    }

    private func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let text = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (index, byte) in bytes.enumerated() { unsafe text[index] = CChar(bitPattern: byte) }
        unsafe text[bytes.count] = 0
        unsafe texts.append(text)
        return unsafe text
    }

    var codes: [Int32] { unsafe results.map { unsafe $0.err } }
    var madePaths: [String?] {
        unsafe made.map { buffer in unsafe buffer.map { unsafe String(cString: $0) } }
    }

    deinit {
        unsafe texts.forEach { unsafe $0.deallocate() }
        unsafe made.forEach { unsafe $0?.deallocate() }
        unsafe operations.deallocate()
        unsafe results.deallocate()
    }
}

private let ok = Int32(ZOK.rawValue)

private func onStat(_ code: Int32, _ stat: UnsafePointer<CZooKeeper.Stat>?, _ data: UnsafeRawPointer?) {
    guard let completion = unsafe Completion.take(data) else { return }
    guard code == ok, let stat = unsafe stat else { return completion.fail(code) }
    completion.fulfil(.success(.stat(unsafe NodeStat(stat.pointee))))
}

private func onData(
    _ code: Int32, _ value: UnsafePointer<CChar>?, _ length: Int32, _ stat: UnsafePointer<CZooKeeper.Stat>?,
    _ data: UnsafeRawPointer?
) {
    guard let completion = unsafe Completion.take(data) else { return }
    guard code == ok, let stat = unsafe stat else { return completion.fail(code) }
    // A node without data has the length -1.
    let bytes = unsafe UnsafeRawBufferPointer(start: value, count: max(0, Int(length)))
    completion.fulfil(.success(.node(data: unsafe Array(bytes), unsafe NodeStat(stat.pointee))))
}

private func onStrings(_ code: Int32, _ strings: UnsafePointer<String_vector>?, _ data: UnsafeRawPointer?) {
    guard let completion = unsafe Completion.take(data) else { return }
    guard code == ok, let strings = unsafe strings else { return completion.fail(code) }
    var names: [String] = []
    for index in 0..<Int(max(0, unsafe strings.pointee.count)) {
        if let name = unsafe strings.pointee.data?[index] { names.append(unsafe String(cString: name)) }
    }
    completion.fulfil(.success(.children(names)))
}

private func onAccessList(
    _ code: Int32, _ list: UnsafeMutablePointer<ACL_vector>?, _ stat: UnsafeMutablePointer<CZooKeeper.Stat>?,
    _ data: UnsafeRawPointer?
) {
    guard let completion = unsafe Completion.take(data) else { return }
    guard code == ok, let list = unsafe list else { return completion.fail(code) }
    var entries: [AccessEntry] = []
    for index in 0..<Int(max(0, unsafe list.pointee.count)) {
        guard let one = unsafe list.pointee.data?[index], let scheme = unsafe one.id.scheme, let id = unsafe one.id.id
        else { continue }
        entries.append(
            AccessEntry(
                scheme: unsafe String(cString: scheme), id: unsafe String(cString: id),
                permissions: Permissions(rawValue: unsafe one.perms)))
    }
    completion.fulfil(.success(.accessList(entries)))
}

private func onProtected(_ code: Int32, _ data: UnsafeRawPointer?) {
    guard let completion = unsafe Completion.take(data) else { return }
    guard code == ok else { return completion.fail(code) }
    completion.fulfil(.success(.protected))
}

private func onVoid(_ code: Int32, _ data: UnsafeRawPointer?) {
    unsafe Completion.take(data)?.finishMulti(code)
}
