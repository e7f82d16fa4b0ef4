import SimulatedEnsemble

/// What the command line asks for.
struct SoakRequest: Sendable {
    enum Task { case seeds, controls, timeline(UInt64) }

    var task = Task.seeds
    var first: UInt64 = 1
    var last: UInt64 = 1000
    var minutes: Double?
    var control: Control?
    var threads = 2
    /// Goes on after a failure, and prints no timeline.
    var keepsGoing = false

    struct Mistake: Error { let message: String }

    init(_ words: ArraySlice<String>) throws(Mistake) {
        var words = words
        while let word = words.popFirst() {
            switch word {
            case "--controls": task = .controls
            case "--keep-going": keepsGoing = true
            case "--timeline": task = .timeline(try Self.number(&words, word))
            case "--threads": threads = Int(try Self.number(&words, word))
            case "--minutes":
                guard let value = words.popFirst().flatMap({ Double($0) }) else {
                    throw Mistake(message: "--minutes needs a number")
                }
                minutes = value
            case "--control":
                guard let name = words.popFirst(), let found = Control(name: name) else {
                    throw Mistake(message: "--control is one of \(Control.all.map(\.name).joined(separator: ", "))")
                }
                control = found
            case "--seeds":
                let bounds = (words.popFirst() ?? "").split(separator: ".").compactMap { UInt64($0) }
                guard bounds.count == 2, bounds[0] <= bounds[1] else {
                    throw Mistake(message: "--seeds needs FROM..TO")
                }
                (first, last) = (bounds[0], bounds[1])
            default:
                throw Mistake(
                    message:
                        "what is \(word)? usage: --seeds FROM..TO [--minutes M] [--control NAME], --timeline SEED, --controls"
                )
            }
        }
    }

    private static func number(_ words: inout ArraySlice<String>, _ option: String) throws(Mistake) -> UInt64 {
        guard let value = words.popFirst().flatMap({ UInt64($0) }) else {
            throw Mistake(message: "\(option) needs a number")
        }
        return value
    }
}
