@testable import Recipes

extension Take.Outcome {
    var claims: Claims? { if case .taken(let claims) = self { claims } else { nil } }
    var isHeld: Bool { if case .held = self { true } else { false } }
    var isChanged: Bool { if case .changed = self { true } else { false } }
}
