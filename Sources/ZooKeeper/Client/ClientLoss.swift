internal import CFrames
import Coordination
import CZooKeeper
import Glibc
import POSIX

/// While there is no connection.
extension Client {
    static let longestPause: UInt32 = 8

    /// In the order in which the library is to try them; none if it knows all of them, and no others.
    func lookUp() -> [String] {
        let addresses = addressesNow()
        lock.hold()
        let told = Set(self.told)
        lock.release()
        return Set(addresses.map(\.text)) == told ? [] : ServerList.ordered(addresses)
    }

    /// As the name service has them; takes as long as it takes.
    func addressesNow() -> [Address] {
        lock.hold()
        var book = self.book
        lock.release()
        book.lookUp()
        lock.hold()
        self.book = book
        lock.release()
        return book.addresses
    }

    /// While there is no connection, what the library does too late. It asks for names once a minute at most, on its I/O
    /// thread: servers that were moved, each to another address, are the same servers (a StatefulSet that is rolled,
    /// replaced machines). And it waits two thirds of the session timeout for a server that lets it in and says nothing:
    /// one alone that is started anew does so for good to those who come while it reads its data (3.8.0: its worker throws,
    /// and never reads that socket).
    func lookAfterConnection() {
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
        var amnesia = Amnesia(session?.timeout)
        while true {
            sleep(pause)
            slept += pause
            pause = min(pause * 2, Self.longestPause)
            let list = lookUp()
            let isProven = amnesia.isProven(seconds: slept, newestZxid: sw_frames_newest_zxid(), asks: statements)
            lock.hold()
            defer { lock.release() }
            guard !isConnected, !isClosed, !isForgotten, unsafe handle != nil else { return isLookingAfter = false }
            if isProven {
                isForgotten = true
                inbox.post(.session(.rolledBack))
            } else if !list.isEmpty {
                tell(list)
            } else if slept >= patience {
                patience *= 2
                shutSockets()
            }
        }
    }

    /// How many servers there are, and what those say that answer.
    private func statements() -> (servers: Int, statements: [ServerStatement]) {
        lock.hold()
        let addresses = book.addresses
        lock.release()
        return (addresses.count, Probe.statements(of: addresses, milliseconds: ServerList.patienceMilliseconds))
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
}
