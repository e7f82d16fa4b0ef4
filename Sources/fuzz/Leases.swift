import Recipes
import Text

/// RESOURCE=COUNT:TOTAL and its arithmetic: two bytes that say what CPU and MEMMB are, then the text.
enum Leases {
    static func play(_ bytes: [UInt8]) {
        var fields = Fields(bytes)
        let cpuCount = Int(fields.byte()) + 1
        let macros = Macros(fqdn: "h1.example.org", cpuCount: cpuCount, memoryMB: Int(fields.byte()) << 8)
        let text = String(decoding: fields.remainder(), as: UTF8.self)
        request(text, macros)
        arithmetic(text, macros)
        if let limit = DurationText.parse(text), case .seconds(let seconds) = limit {
            expect(seconds >= 0, "a duration of \(seconds) s is not negative")
        }
    }

    private static func request(_ text: String, _ macros: Macros) {
        let request: LeaseRequest
        do {
            request = try LeaseRequest.parse(text, macros: macros)
        } catch {
            expectClear(error.message)
            expect(error.message.hasPrefix("--lease "), "the complaint names the option: \(error.message)")
            return
        }
        if request.total == 0 { return withoutTotal(request, macros) }
        expect(1 <= request.count && request.count <= request.total, "1 <= COUNT <= TOTAL in \(request)")
        expect(request.total < 1 << 53, "a double can count \(request.total)")
        expect(NodeName.objection(to: Array(request.resource.utf8), longestBytes: 255) == nil, "\(request) is a name")
        let plain = "\(request.resource)=\(request.count):\(request.total)"
        // But for where the total comes from: that of this host's own resource may be computed.
        let read = try? LeaseRequest.parse(plain, macros: macros)
        let isSame = read.map { ($0.resource, $0.count, $0.total) == (request.resource, request.count, request.total) }
        expect(isSame == true, "\(plain) is the same request")
        expect((try? LeaseRequest.unique([request, request]))?.count == 1, "twice the same is one")
        let lease = Permit(lease: "\(request.count)_\(request.total)_0000000007")
        expect(lease?.count == request.count && lease?.total == request.total, "its lease is one: \(request)")
    }

    /// RESOURCE=COUNT: the total is the one that is declared.
    private static func withoutTotal(_ request: LeaseRequest, _ macros: Macros) {
        // COUNT refers to TOTAL.
        if request.count == 0 { return expect((try? request.checked(declared: nil)) == nil, "\(request) has no total") }
        expect(request.count < 1 << 53, "a double can count \(request)")
        let plain = "\(request.resource)=\(request.count)"
        expect((try? LeaseRequest.parse(plain, macros: macros)) == request, "\(plain) is the same request")
        expect((try? request.checked(declared: nil)) == nil, "\(plain) has no total")
        expect(
            (try? request.checked(declared: request.count))?.total == request.count, "\(plain) takes the declared one")
        expect((try? request.checked(declared: request.count - 1)) == nil, "\(plain) asks for more than there are")
    }

    private static func arithmetic(_ text: String, _ macros: Macros) {
        // As long as what LeaseRequest lets through.
        guard text.utf8.count <= 4096 else { return }
        switch outcome(text, macros) {
        case .success(let value):
            expect(value.isFinite, "the value of \(text) is finite")
            expect(outcome(" \(text)\t", macros) == .success(value), "blanks mean nothing in \(text)")
            switch outcome("(\(text))", macros) {
            case .success(let nested): expect(nested == value, "parentheses mean nothing around \(text)")
            case .failure(let fault): expect(fault.problem.contains("nested too deep"), "(\(text)): \(fault)")
            }
        case .failure(let fault):
            expect((1...text.utf8.count + 1).contains(fault.column), "column \(fault.column) is in \(text)")
            expectClear(fault.problem)
        }
    }

    private static func outcome(_ text: String, _ macros: Macros) -> Result<Double, LeaseExpression.Fault> {
        Result { () throws(LeaseExpression.Fault) in try LeaseExpression.evaluate(text, macros: macros) }
    }
}
