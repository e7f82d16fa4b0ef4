import Coordination
import Testing

/// One step of a script: a burst of questions with its answers, or what happens while the subject waits.
struct Step {
    enum Kind {
        case turn([(question: String, answer: Answer)], meanwhile: [Event], takes: Duration)
        case event(Event)
        case alarm(BootInstant)
        case late(BootInstant)
    }

    let kind: Kind
    /// Where the script has it.
    let line: SourceLocation

    /// The subject asks these questions next, in one burst (`Request.text`), and hears these answers.
    ///
    /// - Parameter meanwhile: what arrives before the answers.
    /// - Parameter takes: seconds from the questions to the answers.
    static func asks(
        _ burst: KeyValuePairs<String, Answer>, meanwhile: [Event] = [], takes: Double = 0,
        line: SourceLocation = #_sourceLocation
    ) -> Step {
        Step(
            kind: .turn(
                burst.map { ($0.key, $0.value) }, meanwhile: meanwhile, takes: .milliseconds(Int64(takes * 1000))),
            line: line)
    }

    static func asks(
        _ question: String, _ answer: Answer, meanwhile: [Event] = [], takes: Double = 0,
        line: SourceLocation = #_sourceLocation
    ) -> Step {
        .asks([question: answer], meanwhile: meanwhile, takes: takes, line: line)
    }

    /// The subject waits, and this happens.
    static func happens(_ event: Event, line: SourceLocation = #_sourceLocation) -> Step {
        Step(kind: .event(event), line: line)
    }

    static func changes(
        _ path: String, _ change: Event.Change = .deleted, line: SourceLocation = #_sourceLocation
    ) -> Step {
        .happens(.watch(path: path, change), line: line)
    }

    /// The connection comes back.
    static func reconnects(line: SourceLocation = #_sourceLocation) -> Step {
        .happens(.session(.connected(.mine)), line: line)
    }

    /// The subject waits, and has asked to be woken at that second: nothing happens before.
    static func wakes(at seconds: Double, line: SourceLocation = #_sourceLocation) -> Step {
        Step(kind: .alarm(BootInstant(seconds: seconds)), line: line)
    }

    /// The subject waits, and goes on at that second only, whatever it has asked for: its process was stopped.
    static func sleeps(until seconds: Double, line: SourceLocation = #_sourceLocation) -> Step {
        Step(kind: .late(BootInstant(seconds: seconds)), line: line)
    }

    var text: String {
        switch kind {
        case .turn(let burst, _, _): "a question: \(burst.map(\.question).joined(separator: "; "))"
        case .event(let event): "an event: \(event)"
        case .alarm(let instant): "an alarm at \(instant.seconds) s"
        case .late(let instant): "a sleep until \(instant.seconds) s"
        }
    }
}

extension Event {
    /// The connection is lost.
    static let cut = Event.session(.suspended)
}
