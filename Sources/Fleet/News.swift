package import Coordination
import Supervision

/// The loop's inbox as the client sees it: a change of the connection also ends a wait for watches, so that nobody goes on
/// waiting in silence for servers that are gone.
///
/// `@unchecked Sendable`: it has no state but the loop, which may be posted to from any thread.
package final class News: Inbox, @unchecked Sendable {
    private let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    package func post(_ event: Event) {
        loop.post(event)
        if case .session = event { wake() }
    }

    /// No node's path: a wait ends, and nothing else.
    package func wake() { loop.post(.watch(path: "", .changed)) }

    package func next() async -> Event { await loop.next() }
    package func poll() -> Event? { loop.poll() }
}
