import Glibc

// What libFuzzer calls: once at the start, then for each input.

/// Which subject this process plays; the environment says, since libFuzzer's arguments are its own.
private let subject: Subject = {
    let names = Subject.allCases.map(\.rawValue).joined(separator: ", ")
    guard let name = unsafe getenv("SWITCHMAN_FUZZ_SUBJECT").map({ unsafe String(cString: $0) }),
        let subject = Subject(rawValue: name)
    else {
        print("fuzz: set SWITCHMAN_FUZZ_SUBJECT to one of \(names)")
        exit(64)
    }
    return subject
}()

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeRawPointer, _ arguments: UnsafeRawPointer) -> CInt {
    _ = subject
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe subject.play(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
