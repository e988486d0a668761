/// Finds many patterns in sentences, each with a tag that says what it stands for.
///
/// Patterns are tried only where their first word stands, and each reads a bounded number of words: the work is linear in the text.
struct CueMatcher<Tag: Sendable>: Sendable {
    /// A place where a pattern matches.
    struct Match: Sendable {
        /// Tag of the pattern.
        var tag: Tag
        /// Number of the pattern in the list.
        var pattern: Int
        /// The matched tokens of the sentence.
        var tokens: ClosedRange<Int>
    }

    private let tags: [Tag]
    private let patterns: [CuePattern]
    private let vocabulary: CueVocabulary
    private let starts: [Int32: [Int]]

    /// Reads a list of patterns.
    ///
    /// - Parameters:
    ///   - cues: Tags and pattern texts, see ``CuePattern``.
    ///   - classes: Words separated by spaces by the name of their class.
    init(_ cues: [(tag: Tag, pattern: String)], classes: [String: String] = [:]) {
        var vocabulary = CueVocabulary()
        let classWords = classes.mapValues(\.wordList)
        let patterns = cues.map { CuePattern($0.pattern, classes: classWords, vocabulary: &vocabulary) }
        var starts: [Int32: [Int]] = [:]
        for (index, pattern) in patterns.enumerated() {
            for word in pattern.firstWords {
                starts[word, default: []].append(index)
            }
        }
        self.tags = cues.map(\.tag)
        self.patterns = patterns
        self.vocabulary = vocabulary
        self.starts = starts
    }

    /// All matches in a sentence, by the place of their first word; of each pattern at each place the shortest.
    func matches(in sentence: Sentence, steps: inout Int) -> [Match] {
        let stream = CueStream(sentence.tokens, vocabulary: self.vocabulary)
        var matches: [Match] = []
        for start in stream.words.indices {
            for index in self.starts[stream.words[start]] ?? [] {
                guard let end = self.patterns[index].end(in: stream.words, from: start, steps: &steps), end > start else {
                    continue
                }
                matches.append(
                    Match(tag: self.tags[index], pattern: index, tokens: stream.tokens[start]...stream.tokens[end - 1])
                )
            }
        }
        return matches
    }

    /// All matches in a sentence.
    func matches(in sentence: Sentence) -> [Match] {
        var steps = 0
        return self.matches(in: sentence, steps: &steps)
    }
}

/// A sentence as numbers of words, with contractions taken apart: "you're" is "you are", "can't" is "can not".
struct CueStream {
    /// Numbers of the words.
    private(set) var words: [Int32] = []
    /// For each word the token it comes from.
    private(set) var tokens: [Int] = []

    init(_ tokens: [Token], vocabulary: CueVocabulary) {
        for (index, token) in tokens.enumerated() {
            if token.isWord {
                for word in Self.expand(token.normalized) {
                    self.append(vocabulary.find(word), from: index)
                }
                continue
            }
            let scalars = token.text.unicodeScalars
            if scalars.contains(where: { ",;:–—-".unicodeScalars.contains($0) }) {
                self.append(CueVocabulary.comma, from: index)
            }
            if scalars.contains("?") {
                self.append(CueVocabulary.question, from: index)
            }
        }
    }

    private mutating func append(_ word: Int32, from token: Int) {
        self.words.append(word)
        self.tokens.append(token)
    }

    /// The words a contraction stands for, also as often typed without apostrophe; "'s" is "is" after pronouns only.
    static func expand(_ word: String) -> [String] {
        if let known = self.contractions[word] {
            return known
        }
        guard let apostrophe = word.firstIndex(of: "'") else {
            return [word]
        }
        let stem = String(word[..<apostrophe])
        switch word[apostrophe...] {
        case "'re": return [stem, "are"]
        case "'ve": return [stem, "have"]
        case "'ll": return [stem, "will"]
        case "'d": return [stem, "would"]
        case "'m": return [stem, "am"]
        case "'s": return self.pronouns.contains(stem) ? [stem, "is"] : [word]
        case "'t": return stem.hasSuffix("n") ? [String(stem.dropLast()), "not"] : [word]
        default: return [word]
        }
    }

    private static let pronouns = Set(
        "he she it that this there here what who where when why how everyone everybody someone somebody nobody one".wordList
    )

    private static let contractions: [String: [String]] = {
        var table: [String: [String]] = [
            "can't": ["can", "not"], "cannot": ["can", "not"], "cant": ["can", "not"], "won't": ["will", "not"], "wont": ["will", "not"],
            "shan't": ["shall", "not"], "ain't": ["is", "not"], "aint": ["is", "not"], "let's": ["let", "us"], "im": ["i", "am"],
            "ive": ["i", "have"], "youre": ["you", "are"], "youve": ["you", "have"], "theyre": ["they", "are"], "thats": ["that", "is"],
            "gonna": ["going", "to"], "wanna": ["want", "to"], "gotta": ["got", "to"],
        ]
        for verb in "do does did is are was were has have had could should would must".wordList {
            table[verb + "nt"] = [verb, "not"]
        }
        return table
    }()
}
