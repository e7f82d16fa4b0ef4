/// What a callback was told, in order.
final class Noted<Word> {
    private(set) var all: [Word] = []

    func append(_ word: Word) { all.append(word) }
}
