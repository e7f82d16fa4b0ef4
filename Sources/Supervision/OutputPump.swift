import CLinux
import Glibc
import POSIX

/// Passes on what the command writes into one pipe, and shows it to whoever keeps its end.
///
/// It blocks in a thread of its own, as the command would block: no other thread of this process ever waits for it. What is read is
/// shown at once, and what is held back is at most a chunk and what the pipe had in it at the end of an attempt.
///
/// `@unchecked Sendable`: the state is behind `lock`, which nobody holds while he blocks; the chunk is the thread's.
@safe final class OutputPump: @unchecked Sendable {
    private let to: Int32
    private let bell: Int32
    private let show: @Sendable (UnsafeRawBufferPointer) -> Void
    private let news: @Sendable () -> Void
    private let isPipe: Bool
    /// Its reader, once gone, never comes back.
    private let isFinal: Bool

    private let lock = Lock()
    /// -1: nothing more is read.
    private var from: Int32
    /// Read at the end of an attempt by another thread, and not passed on yet.
    private var waiting: [UInt8] = []
    /// What the thread has read and not passed on yet.
    private var inHand = 0
    private var isOver = false
    private var errorOfWrite: Int32?

    /// The pipe's own size, on most hosts.
    private static let chunkBytes = 65_536
    /// A write of that many bytes is never mixed with another process's (PIPE_BUF, pipe(7)).
    private static let pieceBytes = 4096

    /// - Parameter show: is called for what was read, in its order, before it is passed on.
    /// - Parameter news: is called when all is passed on, or cannot be any more.
    /// - Throws: if there is nothing to wake its thread with.
    init(
        from: Int32, to: Int32, show: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        news: @escaping @Sendable () -> Void
    ) throws(LaunchFailure) {
        (self.from, self.to, self.news) = (from, to, news)
        unsafe self.show = show
        bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        if bell < 0 { throw .systemCall("eventfd", errno: errno) }
        var found = stat()
        let isKnown = unsafe fstat(to, &found) == 0
        isPipe = isKnown && found.st_mode & S_IFMT == S_IFIFO
        isFinal = isKnown && (found.st_mode & S_IFMT == S_IFSOCK || sw_is_pipe_without_name(to))
    }

    /// False: there is no thread to be had.
    func begin() -> Bool { start { self.passOn() } }

    // MARK: For other threads

    /// Reads what lies in the pipe, and nothing more after that, if `isLast`. Never blocks.
    func catchUp(isLast: Bool) {
        lock.hold()
        // A reader that takes nothing is not to make us hold more and more.
        if isLast || waiting.count <= Self.chunkBytes { readAll() }
        if isLast { closePipe() }
        lock.release()
        ring()
    }

    /// How many bytes are read and not passed on; nil: nothing more is going to be passed on.
    var heldBack: Int? {
        lock.hold()
        defer { lock.release() }
        return isOver ? nil : waiting.count + inHand
    }

    /// Why it could not pass on all; nil as well for a reader that has left.
    var failure: Int32? {
        lock.hold()
        defer { lock.release() }
        return errorOfWrite == EPIPE ? nil : errorOfWrite
    }

    private func ring() {
        var one: UInt64 = 1
        unsafe write(bell, &one, 8)
    }

    // MARK: Behind the lock

    /// No more than a pipe can hold, or a process outside of the tree could keep us here.
    private func readAll() {
        var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        let most = max(Self.chunkBytes, Int(sw_pipe_bytes(from)))
        var left = from < 0 ? 0 : most
        while left > 0 {
            let count = unsafe chunk.withUnsafeMutableBytes { chunk in
                let count = unsafe read(from, chunk.baseAddress, min(left, chunk.count))
                if count > 0 { unsafe show(UnsafeRawBufferPointer(rebasing: chunk.prefix(count))) }
                return count
            }
            if count <= 0 { return }
            waiting += chunk.prefix(count)
            left -= count
        }
    }

    private func closePipe() {
        if from >= 0 { close(from) }
        from = -1
    }

    private enum Next { case chunk(Int), kept([UInt8]), nothing, end }

    private func next(into chunk: UnsafeMutableRawBufferPointer) -> Next {
        lock.hold()
        defer { lock.release() }
        if !waiting.isEmpty {
            defer { waiting = [] }
            inHand = waiting.count
            return .kept(waiting)
        }
        if from < 0 { return .end }
        let count = unsafe read(from, chunk.baseAddress, chunk.count)
        if count > 0 {
            unsafe show(UnsafeRawBufferPointer(rebasing: chunk.prefix(count)))
            inHand = count
            return .chunk(count)
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return .nothing }
        closePipe()
        return .end
    }

    // MARK: The thread

    private func passOn() {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkBytes, alignment: 16)
        defer { unsafe chunk.deallocate() }
        var failure: Int32 = 0
        while failure == 0 {
            switch unsafe next(into: chunk) {
            case .chunk(let count): failure = unsafe pass(UnsafeRawBufferPointer(rebasing: chunk.prefix(count)))
            case .kept(let bytes): failure = unsafe bytes.withUnsafeBytes { unsafe pass($0) }
            case .nothing: failure = waitForMore()
            case .end: return end(nil)
            }
        }
        end(failure)
    }

    /// With the pipe closed the command is told of the failure by its next write, with SIGPIPE or EPIPE.
    private func end(_ failure: Int32?) {
        lock.hold()
        if failure != nil { readAll() }
        closePipe()
        (errorOfWrite, isOver) = (failure, true)
        lock.release()
        close(to)
        news()
    }

    /// EPIPE, if the reader is gone meanwhile: the command's next write is to fail, and not the one after it.
    private func waitForMore() -> Int32 {
        lock.hold()
        let pipe = from
        lock.release()
        // A negative one is passed over.
        var look = [
            pollfd(fd: pipe, events: Int16(POLLIN), revents: 0), pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isFinal ? to : -1, events: 0, revents: 0),
        ]
        _ = unsafe poll(&look, 3, -1)
        var count: UInt64 = 0
        if look[1].revents != 0 { unsafe read(bell, &count, 8) }
        return look[2].revents == 0 ? 0 : EPIPE
    }

    /// 0, or an errno.
    private func pass(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let piece = unsafe self.piece(of: rest)
            let count = unsafe write(to, piece.baseAddress, piece.count)
            if count > 0 {
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                lock.hold()
                inHand -= count
                lock.release()
            } else if count < 0, errno == EAGAIN {
                // Somebody has made it non-blocking.
                var writable = pollfd(fd: to, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&writable, 1, -1)
            } else if count == 0 || errno != EINTR {
                return count == 0 ? EIO : errno
            }
        }
        return 0
    }

    /// Into a pipe that others write to as well whole lines go at one stroke, as far as the command's own writes could.
    private func piece(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard isPipe, bytes.count > Self.pieceBytes else { return unsafe bytes }
        let most = unsafe bytes.prefix(Self.pieceBytes)
        let end = unsafe most.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? most.endIndex
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[..<end])
    }
}
