/// The result of work that may hang, such as a write to a file server; nil if it is not over after `cap`. The work then goes on
/// on a thread of its own, and its result is nobody's.
package func attempt<Value: Sendable>(atMost cap: Duration, _ work: @escaping @Sendable () -> Value) -> Value? {
    attempts(atMost: cap, [work])[0]
}

/// The same for several at once, which share the time.
package func attempts<Value: Sendable>(atMost cap: Duration, _ works: [@Sendable () -> Value]) -> [Value?] {
    let end = ContinuousClock.now + cap
    let pending = works.map { work in
        let result = Box<Value>()
        let isOver = Gate()
        detach {
            result.put(work())
            isOver.open()
        }
        return (result, isOver)
    }
    return pending.map { result, isOver in
        isOver.wait(atMost: max(.zero, end - .now))
        return result.value
    }
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
