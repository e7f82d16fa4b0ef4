/// What is wrong with a configuration, one key after the other.
struct ConfigurationProblems {
    private(set) var lines: [String] = []

    /// What was read; nil if that failed, which is noted.
    mutating func value<Value>(_ read: () throws(ConfigurationError) -> Value) -> Value? {
        do { return try read() } catch {
            lines += error.problems
            return nil
        }
    }

    /// Lets a key's value be taken if there is one, and notes what is wrong with it.
    mutating func take(_ setting: Setting?, _ take: (Setting) throws(ConfigurationError) -> Void) {
        guard let setting else { return }
        do { try take(setting) } catch { lines += error.problems }
    }
}
