import Coordination
import Recipes

extension Request {
    /// Which of its operations writes an output that is kept (`--keep-output`); nil: none.
    var outputIndex: Int? {
        guard case .multi(let operations) = self else { return nil }
        return operations.firstIndex { $0.path.hasPrefix("\(Plot.layout.outputs)/") }
    }
}
