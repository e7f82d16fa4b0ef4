import CSupervision
import Glibc

/// What a process is doing that does not answer, in words that follow "it": "is stopped".
enum Doing {
    /// nil: nothing is known.
    static func of(_ process: pid_t) -> String? {
        var text = [CChar](repeating: 0, count: 128)
        guard unsafe sw_doing(process, &text, text.count) else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
