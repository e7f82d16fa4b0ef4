internal import CFrames
import Coordination
import Glibc
import POSIX

/// When a server does not answer.
extension Client {
    @discardableResult package func dropConnection() -> Bool {
        lock.hold()
        // What one server left unanswered, it may answer on the next connection, if it is not yet one.
        let isUseful = Set(told).count > 1 || !isConnected
        let isNews = !isUseful && !isAskingOthers && !isClosed
        if isNews { isAskingOthers = true }
        lock.release()
        if isUseful { return shutSockets() }
        guard isNews else { return true }
        let isAsked = start { [self] in
            leaveIfAnotherAnswers()
            stopAsking()
        }
        if !isAsked { stopAsking() }
        return isAsked
    }

    private static let questions = 3

    /// Several servers may stand behind the one address (a load balancer, a service of Kubernetes), and the next connection reach a
    /// good one. A network that is only slow lets our own answer come first; a server that is alone has no other.
    private func leaveIfAnotherAnswers() {
        let before = sw_frames_received()
        // Who stands in front may send any of these to the silent one.
        let addresses = Array(repeating: addressesNow(), count: Self.questions).flatMap(\.self)
        for _ in 0..<Self.questions {
            let statements = Probe.statements(of: addresses, milliseconds: 1000)
            lock.hold()
            defer { lock.release() }
            guard sw_frames_received() == before, isConnected, !isClosed else { return }
            if statements.contains(where: \.isOneOfSeveral) {
                shutSockets()
                return
            }
        }
    }

    private func stopAsking() {
        lock.hold()
        isAskingOthers = false
        lock.release()
    }

    /// The only internet socket that was not there before is the client's: shutting it down makes its I/O thread see an end
    /// of file and try the next server. (The library offers no call for this; closing the handle would close the session.)
    @discardableResult func shutSockets() -> Bool {
        let sockets = Self.internetSockets().subtracting(spared)
        for descriptor in sockets { shutdown(descriptor, Int32(SHUT_RDWR)) }
        return !sockets.isEmpty
    }

    /// Those that are open now. A program which has not closed what it inherited must not end its caller's connections; and one
    /// that listens must not end those of whom it serves, which have its own port at this end.
    package static func internetSockets() -> Set<Int32> {
        let all = (Int32(3)..<1024).filter { [AF_INET, AF_INET6].contains(option(SO_DOMAIN, of: $0)) }
        let served = Set(all.filter { option(SO_ACCEPTCONN, of: $0) == 1 }.compactMap(localPort))
        return Set(served.isEmpty ? all : all.filter { localPort($0).map { !served.contains($0) } ?? true })
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    /// In the network's order.
    private static func localPort(_ descriptor: Int32) -> UInt16? {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        // The port stands at the same place in both families.
        return code == 0 ? address.sin6_port : nil
    }
}
