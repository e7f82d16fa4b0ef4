internal import CFrames
package import Coordination
import CZooKeeper
import Glibc
import POSIX

/// A ZooKeeper session over the multi-threaded C client, by its asynchronous calls only.
///
/// Replies and events come on the C client's completion thread, in the order in which the server sent them, and are
/// handed on from there at once: `reply` and the inbox must not block.
///
/// `@unchecked Sendable` leans on `lock`, which guards every stored variable, and on the C client's own locking of its
/// handle (zookeeper.h: the mt library may be called from any thread).
@safe package final class Client: Ensemble, @unchecked Sendable {
    let lock = Lock()
    let inbox: any Inbox
    /// Somebody else's sockets, which stay as they are.
    let spared: Set<Int32>
    var handle: OpaquePointer?
    var isClosed = false
    /// The servers have forgotten the session: nothing is asked in it any more, whatever becomes of them.
    var isForgotten = false
    var isConnected = false
    var book: AddressBook
    var isLookingAfter = false
    var isAskingOthers = false
    /// The library's list of servers; one may stand there twice.
    var told: [String] = []
    private let access: ClientAccess
    private let isEncrypted: Bool
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
    ///   - access: who it says it is, on each connection anew, and to whom what it creates is open.
    ///   - sparing: the internet sockets that are open already, where there may be any.
    package init(
        servers: [Server], sessionTimeout: Duration, access: Access, inbox: any Inbox, sparing spared: Set<Int32> = []
    ) {
        self.inbox = inbox
        self.access = ClientAccess(access)
        self.spared = spared
        isEncrypted = servers.contains { $0.encryption != nil }
        book = AddressBook(servers: servers)
        Assertion.thisIsTheOwnThread()
        let milliseconds = Int32(clamping: sessionTimeout.nanoseconds / 1_000_000)
        // With credentials it may have to wait a moment: see `authenticate`.
        if servers.count == 1, access.credentials.isEmpty, let address = servers[0].numericAddress {
            book = AddressBook(server: servers[0], address: address)
            open([address.text], timeoutMilliseconds: milliseconds)
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
            if isOver { return }
        }
    }

    private func open(_ list: [String], timeoutMilliseconds: Int32) {
        // Retained for good: the C client may call the watcher until the process ends, and there are few clients in a
        // process (one for each session it ever had).
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let hosts = list.joined(separator: ",")
        sw_frames_forget()
        let opened = hosts.isEmpty ? nil : unsafe sw_connect(hosts, onEvent, timeoutMilliseconds, context)
        if let opened = unsafe opened { unsafe authenticate(opened) }
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

    /// The library shows them again on each connection, in front of everything else. Between a connection that has failed and the
    /// next it takes none (its state is 0, for half a second and more): without them the session would be nobody's to the end.
    private func authenticate(_ handle: OpaquePointer) {
        for credential in access.credentials {
            while unsafe !add(credential, to: handle), unsafe zoo_state(handle) >= 0, !isOver {
                usleep(Self.authenticationPause)
            }
        }
    }

    private static let authenticationPause: UInt32 = 5_000

    private func add(_ credential: Credential, to handle: OpaquePointer) -> Bool {
        unsafe credential.secret.withUnsafeBytes { secret in
            let bytes = unsafe secret.bindMemory(to: CChar.self)
            return unsafe zoo_add_auth(handle, credential.scheme, bytes.baseAddress, Int32(bytes.count), nil, nil)
                == Int32(ZOK.rawValue)
        }
    }

    /// What must hold whenever `lock` is free: nothing waits for a handle that is there, and who is closed has none.
    private var isSound: Bool { unsafe handle == nil || waiting.isEmpty && !isClosed }

    private var isOver: Bool {
        lock.hold()
        defer { lock.release() }
        return isClosed
    }

    package var server: String? {
        lock.hold()
        defer { lock.release() }
        return currentServer
    }

    package var complaint: String? {
        if isEncrypted { return complaintAboutTLS ?? complaintAboutFrames }
        if let speaker = speakerOfTLS() { return "\(speaker.label) \(TLSRecord.remedy)" }
        if sw_frames_saw_tls() { return "one of these \(TLSRecord.remedy)" }
        return complaintAboutFrames ?? complaintAboutServers
    }

    /// Of those without a connection.
    private var complaintAboutServers: String? {
        lock.hold()
        let isAway = !isConnected
        let (addresses, unknown) = (book.addresses, book.withoutAddress)
        lock.release()
        guard isAway else { return nil }
        let shown = addresses.prefix(Self.mostServers)
        let troubles = zip(shown, Probe.troubles(of: Array(shown), milliseconds: Self.probeMilliseconds)).compactMap {
            address, trouble in
            trouble.map { "\(address.label): \($0)" }
        }
        let all = unknown.map { "\($0): its name does not resolve" } + troubles
        return all.isEmpty ? nil : "\(all.joined(separator: ", ")); is any of them running, and is zkhosts right?"
    }

    /// How long a run that has waited in vain looks once more: it has its error already.
    private static let probeMilliseconds: Int64 = 200
    /// In a message.
    private static let mostServers = 7

    private var complaintAboutTLS: String? {
        guard sw_frames_stand_between() else { return "this build, with a shared libzookeeper_mt, carries no TLS" }
        lock.hold()
        let addresses = book.allEver
        lock.release()
        return Address.newestComplaint(of: addresses)
    }

    private var complaintAboutFrames: String? {
        sw_frames_refused() == 0
            ? nil : "one of these sends malformed answers; is it a ZooKeeper server, and in order?"
    }

    /// A server that expects TLS, if none has given us a session and one hung up on us. Takes a second at the most.
    private func speakerOfTLS() -> Address? {
        lock.hold()
        let addresses = currentSession == nil && sw_frames_was_hung_up_on() ? book.addresses : []
        lock.release()
        return Probe.speakersOfTLS(among: addresses).first
    }

    package var session: Session? {
        lock.hold()
        defer { lock.release() }
        return currentSession
    }

    package func submit(_ requests: [Request], reply: @escaping @Sendable ([Reply]) -> Void) {
        let burst = Burst(requests, access: access, reply: reply)
        lock.hold()
        newest = burst
        defer { lock.release() }
        assert(isSound, "closed: \(isClosed), \(waiting.count) waiting")
        if isClosed || isForgotten {
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

    /// zookeeper_close joins the library's threads, and can wait 1.5 s for a stopped server: then it gets a thread of its
    /// own. A server that has answered all it was asked will answer this too, and two wakes fewer are 7 % of a short run.
    package func close(cap: Duration) {
        lock.hold()
        let closing = unsafe handle
        assert(isSound, "closed: \(isClosed), \(waiting.count) waiting")
        unsafe handle = nil
        isClosed = true
        let isAnswered = newest?.isAnswered ?? false
        lock.release()
        guard let closing = unsafe closing else { return }
        // Those who carry TLS read files as they connect, which may be on a server that is gone.
        if isAnswered, !isEncrypted, !Assertion.hasFailed, unsafe sw_state_connected(zoo_state(closing)) != 0 {
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
        let isOver = isClosed || isForgotten
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
            currentServer = server.map(book.label)
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
