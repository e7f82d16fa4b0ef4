import Host
import Recipes
package import Run
import Steering
import Supervision
import Text

/// Why a verb could not do what was asked, with the exit code that this is.
package enum Complaint: Error {
    /// The outcome's word is the wrapper's: both programs mean the same by a code.
    case failed(Outcome, String)
    /// The answer is no, and this is why.
    case no(String)
    case signal(Int32)

    /// Nil for what the command line's parser has to say.
    package init?(_ error: any Error) {
        switch error {
        case let error as Complaint: self = error
        case let error as Interruption: self.init(error)
        case let error as ConfigurationError: self = .failed(.badConfig, error.message)
        case let error as LaunchFailure: self = .failed(.osError, error.message)
        case let error as FleetDataError: self = .failed(.badData, error.message)
        case let error as LockNameError: self = .failed(.usage, error.message)
        case EditError.usage(let why): self = .failed(.usage, why)
        case EditError.refused(let why): self = .no(why)
        default: return nil
        }
    }

    private init(_ interruption: Interruption) {
        switch interruption {
        case .signal(let signal): self = .signal(signal)
        case .badData(let why): self = .failed(.badData, why)
        case .denied(let why): self = .failed(.denied, why)
        case .sessionExpired:
            self = .failed(.unavailable, "the session with ZooKeeper expired; try again")
        case .unavailable(let why), .refused(let why), .noPermits(let why), .waitsForItself(let why):
            self = .failed(.unavailable, why)
        case .callerGone, .guardianGone: self = .failed(.osError, "\(interruption)")
        }
    }

    package var code: Int32 {
        switch self {
        case .failed(let outcome, _): outcome.defaultCode
        case .no: Answer.no.rawValue
        case .signal(let signal): 128 + signal
        }
    }
}
