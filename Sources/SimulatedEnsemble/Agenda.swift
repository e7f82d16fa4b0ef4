/// What will happen, in the order in which it will: a binary heap. At the same instant, what was put down first comes first.
final class Agenda {
    /// Plain numbers, so that moving them costs nothing; what is to happen lies in `deeds`.
    private struct Entry {
        let at: Int64
        let order: UInt64
        let deed: Int

        func precedes(_ other: Entry) -> Bool { at != other.at ? at < other.at : order < other.order }
    }

    private var heap: [Entry] = []
    private var deeds: [(() -> Void)?] = []
    private var free: [Int] = []
    private var count: UInt64 = 0
    /// True time, in nanoseconds; no clock in the world shows it.
    private(set) var now: Int64 = 0
    /// Tells two histories apart: a sum over when things happened.
    private(set) var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var steps = 0

    func at(_ time: Int64, _ happen: @escaping () -> Void) {
        count += 1
        let deed = free.popLast() ?? deeds.count
        if deed == deeds.count { deeds.append(happen) } else { deeds[deed] = happen }
        heap.append(Entry(at: max(time, now), order: count, deed: deed))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    func after(_ delay: Int64, _ happen: @escaping () -> Void) { at(now + delay, happen) }

    /// False: nothing is left to happen before that time.
    func step(until end: Int64) -> Bool {
        guard let first = heap.first, first.at <= end else {
            now = max(now, end)
            return false
        }
        removeFirst()
        now = first.at
        steps += 1
        fingerprint = (fingerprint ^ UInt64(bitPattern: now) ^ first.order) &* 0x100_0000_01b3
        let happen = deeds[first.deed]
        deeds[first.deed] = nil
        free.append(first.deed)
        happen?()
        return true
    }

    func clear() { (heap, deeds, free) = ([], [], []) }

    /// The last one sinks from the top to its place. The busiest loop of a simulation, hence without checks.
    private func removeFirst() {
        let last = heap.removeLast()
        unsafe heap.withUnsafeMutableBufferPointer { heap in
            if heap.isEmpty { return }
            var parent = 0
            while true {
                var child = 2 * parent + 1
                if child >= heap.count { break }
                if child + 1 < heap.count, unsafe heap[child + 1].precedes(heap[child]) { child += 1 }
                guard unsafe heap[child].precedes(last) else { break }
                unsafe heap[parent] = heap[child]
                parent = child
            }
            unsafe heap[parent] = last
        }
    }
}
