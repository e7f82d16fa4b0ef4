/// Rows under a heading, fitted to a terminal.
package struct Table: Sendable {
    package enum Side: Sendable { case left, right }

    package struct Column: Sendable {
        package let heading: String
        package let side: Side
        /// Gives way first, down to this many columns, when the terminal is too narrow; nil: never.
        package let narrowest: Int?

        package init(_ heading: String, _ side: Side = .left, narrowest: Int? = nil) {
            (self.heading, self.side, self.narrowest) = (heading, side, narrowest)
        }
    }

    package struct Cell: Sendable, ExpressibleByStringInterpolation {
        package let text: String
        package let paint: Paint?
        /// One sign each, with a colour of its own; where there is no room for all, the last ones stay.
        private var marks: [RunMark] = []

        /// Made visible here, once and for all: a table never passes on what a terminal would act on.
        package init(_ text: String, _ paint: Paint? = nil) { (self.text, self.paint) = (Visible.text(text), paint) }
        package init(stringLiteral text: String) { self.init(text) }

        package init(marks: [RunMark]) {
            self.init(marks.map(\.sign).joined())
            self.marks = marks
        }

        /// As much of it as fits, and the same with its colours.
        fileprivate func fitted(to width: Int) -> (plain: String, painted: String) {
            if marks.isEmpty {
                let plain = Table.cut(text, to: width)
                return (plain, paint?.on(plain) ?? plain)
            }
            let shown = marks.suffix(width)
            return (shown.map(\.sign).joined(), shown.map { $0.paint.on($0.sign) }.joined())
        }
    }

    package let columns: [Column]
    package var rows: [[Cell]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    /// - Parameter width: of the terminal; nil: as wide as it gets.
    package func lines(width: Int?, colour: Bool) -> [String] {
        let widths = widths(fitting: width)
        let heading = line(columns.map { Cell($0.heading, .heading) }, widths, colour)
        return [heading] + rows.map { line($0, widths, colour) }
    }

    private static let gap = 2

    private func widths(fitting limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(Visible.width(columns[index].heading)) { max($0, Visible.width($1[index].text)) }
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + Self.gap * (columns.count - 1) - limit
        // The widest gives way first, so that short ones stay whole.
        while excess > 0,
            let widest = columns.indices.filter({ widths[$0] > columns[$0].narrowest ?? .max })
                .max(by: { widths[$0] < widths[$1] })
        {
            widths[widest] -= 1
            excess -= 1
        }
        // Then columns are left out, the last one first.
        while widths.count > 1, widths.reduce(0, +) + Self.gap * (widths.count - 1) > limit { widths.removeLast() }
        return widths
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ colour: Bool) -> String {
        var line = ""
        for (index, cell) in cells.prefix(widths.count).enumerated() {
            let (text, coloured) = cell.fitted(to: widths[index])
            let room = String(repeating: " ", count: widths[index] - Visible.width(text))
            let painted = colour ? coloured : text
            let isLast = index == widths.count - 1
            line += columns[index].side == .right ? room + painted : painted + (isLast ? "" : room)
            if !isLast { line += String(repeating: " ", count: Self.gap) }
        }
        return line
    }

    package static func cut(_ text: String, to width: Int) -> String {
        if Visible.width(text) <= width { return text }
        var kept = ""
        var taken = 0
        for scalar in text.unicodeScalars {
            let more = Visible.width(scalar)
            if taken + more > width - 1 { break }
            kept.unicodeScalars.append(scalar)
            taken += more
        }
        return kept + (width > 0 ? "~" : "")
    }
}

/// What a colour stands for.
package enum Paint: String, Sendable {
    case heading = "1"
    case good = "32"
    case warning = "33"
    case bad = "31"
    case dim = "2"

    package func on(_ text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
}
