/// The result of work that may hang, such as a write to a file server; nil if it is not over after `cap`. The work then goes on
/// on a thread of its own, and its result is nobody's.
package func attempt<Value: Sendable>(atMost cap: Duration, _ work: @escaping @Sendable () -> Value) -> Value? {
    let result = Box<Value>()
    let isOver = Gate()
    detach {
        result.put(work())
        isOver.open()
    }
    isOver.wait(atMost: cap)
    return result.value
}

/// `@unchecked Sendable`: `stored` is behind `lock`.
private final class Box<Value>: @unchecked Sendable {
    private let lock = Lock()
    private var stored: Value?

    func put(_ value: Value) {
        lock.hold()
        stored = value
        lock.release()
    }

    var value: Value? {
        lock.hold()
        defer { lock.release() }
        return stored
    }
}
