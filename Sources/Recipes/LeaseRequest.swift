package import Text

/// What `--lease` asks for: so many permits of a resource which has so many in all.
package struct LeaseRequest: Sendable, Equatable {
    /// The resource's name, macros replaced.
    package let resource: String
    /// 0 as long as it depends on a total that is not known.
    package private(set) var count: Int64
    /// The COUNT that refers to TOTAL, until that is declared.
    private var deferred: DeferredCount?
    /// As the request has it; 0 where the prefix data is to say.
    private let givenTotal: Int64
    /// How many there are in all: the declared number, or the given one. 0 until it is known.
    package private(set) var total: Int64
    private(set) var origin: Origin
    /// That no permit of the resource is given out, as the prefix data says it.
    var hold: PauseNote?

    /// Where the total comes from.
    enum Origin {
        case given
        /// Computed from the processors or the memory of the very host that the resource is of: they come and go (hotplug,
        /// balloons).
        case ofThisHost
        /// In the prefix data, and it can be declared anew.
        case declared
    }

    package init(resource: String, count: Int64, total: Int64, ofThisHost: Bool = false) {
        self.resource = resource
        self.count = count
        self.givenTotal = total
        self.total = total
        origin = ofThisHost ? .ofThisHost : .given
    }

    /// Whether it may have been another when others took their leases. Else whoever differs is wrong.
    var mayHaveChanged: Bool { origin != .given }

    /// COUNT:TOTAL, as far as it is known.
    private var values: String { total == 0 ? countText : "\(count):\(total)" }
    private var countText: String { deferred.map { Excerpt.of(String($0.part)) } ?? "\(count)" }

    /// Up to here a double tells every integer from the next.
    private static let totalBound: Double = 0x1p53
    /// Nobody's arithmetic; and it keeps what follows short.
    private static let longestBytes = 4096
    /// As file systems have it; the place's name with its lockname must remain a sensible path.
    private static let longestResourceBytes = 255

    /// Reads RESOURCE=COUNT:TOTAL, or RESOURCE=COUNT.
    package static func parse(_ text: String, macros: Macros) throws(LeaseError) -> LeaseRequest {
        guard text.utf8.count <= longestBytes else {
            throw LeaseError(text, "is longer than \(longestBytes) bytes; write it shorter")
        }
        let scalars = text.unicodeScalars
        guard let equals = scalars.firstIndex(of: "=") else {
            throw LeaseError(text, "has no \"=\"; write RESOURCE=COUNT:TOTAL")
        }
        let values = scalars[scalars.index(after: equals)...]
        let colon = values.firstIndex(of: ":")
        let resource = macros.expand(String(scalars[..<equals]))
        if let objection = NodeName.objection(to: Array(resource.utf8), longestBytes: longestResourceBytes) {
            throw LeaseError(
                text, "the resource's name (\"\(Excerpt.of(resource))\" here) \(objection); choose another")
        }
        let countPart = values[..<(colon ?? values.endIndex)]
        guard let colon else {
            if try refersToTotal(countPart, in: text, macros: macros) {
                var request = LeaseRequest(resource: resource, count: 0, total: 0)
                request.deferred = DeferredCount(lease: text, macros: macros)
                return request
            }
            let count = try value(of: countPart, called: "COUNT", in: text, macros: macros)
            return LeaseRequest(resource: resource, count: count, total: 0)
        }
        // COUNT is complained of first, as it stands first; but it may need the other.
        let needsTotal = try refersToTotal(countPart, in: text, macros: macros)
        let known = needsTotal ? nil : try value(of: countPart, called: "COUNT", in: text, macros: macros)
        let total = try value(of: values[values.index(after: colon)...], called: "TOTAL", in: text, macros: macros)
        let count =
            if let known {
                known
            } else {
                try value(of: countPart, called: "COUNT", in: text, macros: macros, total: total)
            }
        guard count <= total else {
            throw LeaseError(
                text, "asks for \(count) of \(total) permits, and would wait for ever; COUNT is at most TOTAL")
        }
        let totalText = String(values[colon...])
        let isCounted = totalText.contains("CPU") || totalText.contains("MEMMB")
        return LeaseRequest(
            resource: resource, count: count, total: total,
            ofThisHost: isCounted && String(scalars[..<equals]).contains("FQDN"))
    }

    /// Reads a total that the prefix data declares.
    package static func total(_ text: String, macros: Macros) throws(LeaseError) -> Int64 {
        try value(of: text.unicodeScalars[...], called: "TOTAL", in: text, macros: macros)
    }

    /// With the total that the prefix data declares now, nil if none: every run of a fleet must count alike.
    package func checked(declared: Int64?) throws(LeaseError) -> LeaseRequest {
        guard let declared else {
            if givenTotal > 0 {
                var checked = self
                checked.total = givenTotal
                return checked
            }
            // A number, where TOTAL means itself.
            let example = deferred == nil ? "TOTAL" : "8"
            throw LeaseError(
                message:
                    "--lease \(resource)=\(countText): no total; write \(resource)=\(countText):\(example), or declare it "
                    + "in \"totals\"")
        }
        guard givenTotal == 0 || givenTotal == declared else {
            throw LeaseError(
                message: "--lease \(resource): total \(givenTotal) here, but \(declared) declared in \"totals\"; leave "
                    + "\":\(givenTotal)\" out")
        }
        var checked = self
        if let deferred {
            checked.count = try Self.value(
                of: deferred.part, called: "COUNT", in: deferred.lease, macros: deferred.macros, total: declared)
        }
        let count = checked.count
        guard count <= declared else {
            throw LeaseError(
                message:
                    "--lease \(resource): asks for \(count) of the \(declared) permits declared in \"totals\", and "
                    + "would wait for ever")
        }
        checked.total = declared
        checked.origin = .declared
        return checked
    }

    private static func refersToTotal(
        _ part: Substring.UnicodeScalarView, in text: String, macros: Macros
    ) throws(LeaseError) -> Bool {
        do {
            return try LeaseExpression.refersToTotal(String(part), macros: macros)
        } catch {
            throw complaint(error, of: part, called: "COUNT", in: text)
        }
    }

    private static func value(
        of part: Substring.UnicodeScalarView, called name: String, in text: String, macros: Macros, total: Int64? = nil
    ) throws(LeaseError) -> Int64 {
        let value: Double
        do {
            value = try LeaseExpression.evaluate(String(part), macros: macros, total: total)
        } catch {
            throw complaint(error, of: part, called: name, in: text)
        }
        guard value == value.rounded(.towardZero), value >= 1, value < totalBound, let exact = Int64(exactly: value)
        else {
            let shown =
                value == value.rounded(.towardZero) ? "\(name) is \(plain(value))" : "\(name) is \(value), a fraction"
            throw LeaseError(text, "\(shown); it must be an integer from 1 to below 2**53\(remedy(value))")
        }
        return exact
    }

    private static func complaint(
        _ fault: LeaseExpression.Fault, of part: Substring.UnicodeScalarView, called name: String, in text: String
    ) -> LeaseError {
        let columnsBefore = text.unicodeScalars.distance(from: text.startIndex, to: part.startIndex)
        let hint =
            name == "COUNT" && part.contains("?")
            ? " (the first colon ends COUNT, so \"?:\" can stand in TOTAL only)" : ""
        return LeaseError(text, "column \(columnsBefore + fault.column): \(fault.problem)\(hint)")
    }

    private static func remedy(_ value: Double) -> String {
        value == value.rounded(.towardZero) ? "" : "; int(...) cuts the fraction off"
    }

    /// 0 and not -0.0, 5 and not 5.0.
    private static func plain(_ value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? String(value)
    }

    /// Each resource once, in the order given. The same request twice is one; different ones for one resource are an
    /// error.
    package static func unique(_ requests: [LeaseRequest]) throws(LeaseError) -> [LeaseRequest] {
        var kept: [LeaseRequest] = []
        // By bytes: ZooKeeper tells names apart which are the same text to Swift.
        var seen: [[UInt8]: LeaseRequest] = [:]
        for request in requests {
            let key = Array(request.resource.utf8)
            guard let earlier = seen[key] else {
                seen[key] = request
                kept.append(request)
                continue
            }
            guard earlier.count == request.count, earlier.total == request.total, earlier.deferred == request.deferred
            else {
                throw LeaseError(
                    message: "--lease: resource \"\(Excerpt.of(request.resource))\" is asked for twice, "
                        + "\(earlier.values) and \(request.values); name it once")
            }
        }
        return kept
    }
}

/// A COUNT that can be reckoned once its TOTAL is known.
private struct DeferredCount: Sendable, Equatable {
    /// RESOURCE=COUNT, as it was written.
    let lease: String
    let macros: Macros

    var part: Substring.UnicodeScalarView { lease.unicodeScalars.drop { $0 != "=" }.dropFirst() }
}

/// A `--lease` which cannot be understood. One line that names the option and its text and says what to do.
package struct LeaseError: Error, Equatable {
    package let message: String
    /// The same without the option's name: of an expression that stands elsewhere.
    package let problem: String

    package init(message: String) {
        (self.message, problem) = (message, message)
    }

    init(_ text: String, _ problem: String) {
        self.problem = "\"\(Excerpt.of(text))\": \(problem)"
        message = "--lease \(self.problem)"
    }
}
