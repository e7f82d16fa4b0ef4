internal import CFrames
import CZooKeeper
package import Coordination
import Glibc
import Threads

/// A ZooKeeper session over the multi-threaded C client, by its asynchronous calls only.
///
/// Replies and events come on the C client's completion thread, in the order in which the server sent them, and are
/// handed on from there at once: `reply` and the inbox must not block.
///
/// `@unchecked Sendable` leans on `lock`, which guards every stored variable, and on the C client's own locking of its
/// handle (zookeeper.h: the mt library may be called from any thread).
@safe package final class Client: Ensemble, @unchecked Sendable {
    private let lock = Lock()
    private let inbox: any Inbox
    /// Somebody else's sockets, which stay as they are.
    private let spared: Set<Int32>
    private var handle: OpaquePointer?
    private var isClosed = false
    private var isConnected = false
    private var book: AddressBook
    private var isLookingAfter = false
    /// The library's list of servers; one may stand there twice.
    private var told: [String] = []
    private var currentSession: Session?
    private var currentServer: String?
    private var newest: Burst?
    /// What was submitted before there was a handle: sent, in order, as soon as there is one.
    private var waiting: [() -> Void] = []

    /// Starts connecting and returns at once; what becomes of it arrives in `inbox` as session events.
    ///
    /// - Parameters:
    ///   - servers: host names or addresses; names are resolved, and dead or silent servers put last, on a thread of
    ///     its own, since getaddrinfo can block for as long as it likes.
    ///   - sessionTimeout: what to ask the servers for; they may grant another (zookeeperAdmin, "minSessionTimeout").
    ///   - sparing: the internet sockets that are open already, where there may be any.
    package init(servers: [Server], sessionTimeout: Duration, inbox: any Inbox, sparing spared: Set<Int32> = []) {
        self.inbox = inbox
        self.spared = spared
        book = AddressBook(servers: servers)
        Assertion.thisIsTheOwnThread()
        let milliseconds = Int32(clamping: sessionTimeout.nanoseconds / 1_000_000)
        if servers.count == 1, let address = servers[0].numericAddress {
            open([address], timeoutMilliseconds: milliseconds)
        } else {
            // Without a thread to be had it is asked for once.
            let isApart = start { [self] in lookUpAndOpen(timeoutMilliseconds: milliseconds) }
            if !isApart { open(lookUp(), timeoutMilliseconds: milliseconds) }
        }
    }

    /// As soon as one name has an address; if none ever has, the run's own connect timeout tells the user, as for a server that is
    /// not there.
    private func lookUpAndOpen(timeoutMilliseconds: Int32) {
        var pause: UInt32 = 1
        while true {
            let list = lookUp()
            if !list.isEmpty { return open(list, timeoutMilliseconds: timeoutMilliseconds) }
            sleep(pause)
            pause = min(pause * 2, Self.longestPause)
            lock.hold()
            defer { lock.release() }
            if isClosed { return }
        }
    }

    private func open(_ list: [String], timeoutMilliseconds: Int32) {
        // Retained for good: the C client may call the watcher until the process ends, and there are few clients in a
        // process (one for each session it ever had).
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let hosts = list.joined(separator: ",")
        let opened = hosts.isEmpty ? nil : unsafe sw_connect(hosts, onEvent, timeoutMilliseconds, context)
        lock.hold()
        let isTooLate = isClosed
        if !isTooLate { unsafe handle = opened }
        told = list
        let late = waiting
        waiting = []
        for send in late { send() }
        lock.release()
        if isTooLate, let opened = unsafe opened { unsafe zookeeper_close(opened) }
    }

    // MARK: Names

    private static let longestPause: UInt32 = 8

    /// In the order in which the library is to try them; none if it knows all of them, and no others.
    private func lookUp() -> [String] {
        lock.hold()
        var book = self.book
        let told = Set(self.told)
        lock.release()
        book.lookUp()
        lock.hold()
        self.book = book
        lock.release()
        return Set(book.addresses.map(\.text)) == told ? [] : ServerList.ordered(book.addresses)
    }

    /// While there is no connection, what the library does too late. It asks for names once a minute at most, on its I/O thread: servers
    /// that were moved, each to another address, are the same servers (a StatefulSet that is rolled, replaced machines). And it waits
    /// two thirds of the session timeout for a server that lets it in and says nothing: one alone that is started anew does so
    /// for good to those who come while it reads its data (3.8.0: its worker throws, and never reads that socket).
    private func lookAfterConnection() {
        lock.hold()
        let isNeeded = !isLookingAfter && !isClosed
        if isNeeded { isLookingAfter = true }
        lock.release()
        // Not on this thread, which has to tell us of the next connection.
        guard isNeeded, !start({ [self] in lookAfterConnectionUntilThereIsOne() }) else { return }
        lock.hold()
        isLookingAfter = false
        lock.release()
    }

    private func lookAfterConnectionUntilThereIsOne() {
        var slept: UInt32 = 0
        var pause: UInt32 = 1
        // Twice as long each time: a server that is only slow has its time.
        var patience: UInt32 = 3
        while true {
            sleep(pause)
            slept += pause
            pause = min(pause * 2, Self.longestPause)
            let list = lookUp()
            lock.hold()
            defer { lock.release() }
            guard !isConnected, !isClosed, unsafe handle != nil else { return isLookingAfter = false }
            if !list.isEmpty {
                tell(list)
            } else if slept >= patience {
                patience *= 2
                shutSockets()
            }
        }
    }

    /// Under the lock.
    private func tell(_ list: [String]) {
        var list = list
        // One that is as long, and holds all of the old one, is the old one to the library (addrvec_eq).
        if list.count == told.count, let last = list.last { list += [last, last] }
        told = list
        // Its I/O thread waits for a socket that may never say anything: that wakes it.
        shutSockets()
        unsafe zoo_set_servers(handle, list.joined(separator: ","))
    }

    package var server: String? {
        lock.hold()
        defer { lock.release() }
        return currentServer
    }

    package var complaint: String? {
        sw_frames_refused() == 0 ? nil : "what one of them answers is malformed; is it a ZooKeeper, and sound?"
    }

    package var session: Session? {
        lock.hold()
        defer { lock.release() }
        return currentSession
    }

    package func submit(_ requests: [Request], reply: @escaping @Sendable ([Reply]) -> Void) {
        let burst = Burst(requests, reply: reply)
        lock.hold()
        newest = burst
        defer { lock.release() }
        if isClosed {
            burst.failAll(.sessionExpired)
        } else if let handle = unsafe handle {
            unsafe burst.send(on: handle)
        } else {
            waiting.append { [self] in
                if let handle = unsafe handle {
                    unsafe burst.send(on: handle)
                } else {
                    burst.failAll(.connectionLost)
                }
            }
        }
    }

    /// The only internet socket that was not there before is the client's: shutting it down makes its I/O thread see an end
    /// of file and try the next server. (The library offers no call for this; closing the handle would close the session.)
    @discardableResult package func dropConnection() -> Bool {
        lock.hold()
        // What one server left unanswered, it may answer on the next connection, if it is not yet one.
        let isUseful = Set(told).count > 1 || !isConnected
        lock.release()
        return isUseful && shutSockets()
    }

    @discardableResult private func shutSockets() -> Bool {
        let sockets = Self.internetSockets().subtracting(spared)
        for descriptor in sockets { shutdown(descriptor, Int32(SHUT_RDWR)) }
        return !sockets.isEmpty
    }

    /// Those that are open now. A program which has not closed what it inherited must not end its caller's connections.
    package static func internetSockets() -> Set<Int32> {
        Set(
            (Int32(3)..<1024).filter { descriptor in
                var domain: Int32 = 0
                var length = socklen_t(MemoryLayout<Int32>.size)
                return unsafe getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0
                    && (domain == AF_INET || domain == AF_INET6)
            })
    }

    /// zookeeper_close joins the library's threads, and can wait 1.5 s for a stopped server: then it gets a thread of its
    /// own. A server that has answered all it was asked will answer this too, and two wakes fewer are 7 % of a short run.
    package func close(cap: Duration) {
        lock.hold()
        let closing = unsafe handle
        unsafe handle = nil
        isClosed = true
        let isAnswered = newest?.isAnswered ?? false
        lock.release()
        guard let closing = unsafe closing else { return }
        if isAnswered, !Assertion.hasFailed, unsafe sw_state_connected(zoo_state(closing)) != 0 {
            unsafe zookeeper_close(closing)
            return
        }
        let address = UInt(bitPattern: closing)
        let done = Gate()
        detach {
            if let closing = unsafe OpaquePointer(bitPattern: address) { unsafe zookeeper_close(closing) }
            done.open()
        }
        done.wait(atMost: cap)
    }

    // MARK: What the C client tells

    /// Nothing more once closed: a later session's events share the inbox.
    private func post(_ event: Event) {
        lock.hold()
        let isOver = isClosed
        lock.release()
        if !isOver { inbox.post(event) }
    }

    fileprivate func sessionEvent(state: Int32, handle: OpaquePointer?) {
        if sw_state_connected(state) != 0, let handle = unsafe handle, let id = unsafe zoo_client_id(handle) {
            let session = unsafe Session(
                id: id.pointee.client_id, timeout: .milliseconds(Int64(zoo_recv_timeout(handle))))
            let server = unsafe zoo_get_current_server(handle).map { unsafe String(cString: $0) }
            lock.hold()
            currentSession = session
            currentServer = server
            isConnected = true
            lock.release()
            post(.session(.connected(session)))
        } else if sw_state_expired(state) != 0 {
            post(.session(.expired))
        } else if sw_state_auth_failed(state) != 0 {
            post(.session(.authenticationFailed))
        } else {
            lock.hold()
            isConnected = false
            lock.release()
            lookAfterConnection()
            post(.session(.suspended))
        }
    }

    fileprivate func nodeEvent(type: Int32, path: String) {
        if sw_event_created(type) != 0 {
            post(.watch(path: path, .created))
        } else if sw_event_deleted(type) != 0 {
            post(.watch(path: path, .deleted))
        } else if sw_event_changed(type) != 0 {
            post(.watch(path: path, .changed))
        } else if sw_event_child(type) != 0 {
            post(.watch(path: path, .children))
        }
        // "Not watching" only follows a removal of watches, which nobody asks for.
    }
}

/// The one watcher of a session: every watch is set with the library's flag, so that setting it twice keeps one.
private func onEvent(
    _ handle: OpaquePointer?, _ type: Int32, _ state: Int32, _ path: UnsafePointer<CChar>?,
    _ context: UnsafeMutableRawPointer?
) {
    guard let context = unsafe context else { return }
    let client = unsafe Unmanaged<Client>.fromOpaque(context).takeUnretainedValue()
    if sw_is_session_event(type) != 0 {
        unsafe client.sessionEvent(state: state, handle: handle)
    } else if let path = unsafe path {
        client.nodeEvent(type: type, path: unsafe String(cString: path))
    }
}
