import Glibc

/// In the place of libc's: what a failed `assert` of the C client calls.
///
/// The library asserts things that a server decides (a reply to no request, for one), and Debian builds it with asserts.
/// Nothing from outside may end the process, so the thread that ran into it goes to sleep instead. From then on the
/// server is one that never answers: a run that has not started anything gives up in time, and a command that runs is
/// ended by its deadline, as for any other loss of contact.
@_cdecl("__assert_fail")
public func assertFail(
    _ assertion: UnsafePointer<CChar>?, _ file: UnsafePointer<CChar>?, _ line: UInt32, _ function: UnsafePointer<CChar>?
) -> Never {
    guard let file = unsafe file, unsafe strstr(file, "zookeeper") != nil else { abort() }
    while true { pause() }
}
