extension SyllableCounter {
    /// Common words that the rules get wrong, with their syllables by American dictionaries.
    static let exceptions: [String: Int] = {
        var table: [String: Int] = [:]
        for (count, words) in Self.exceptionWords {
            for word in words.wordList {
                table[word] = count
            }
        }
        return table
    }()

    /// The table as written: the number of syllables, and the words.
    static let exceptionWords: [(Int, String)] = [
        (1, "aisle aisles isle isles"),
        (
            2,
            """
            acre acres awesome beings bryant business cashier centre centres colonel crooked embed evening evenings fluid fluids
            hatred hereby hereto hundred jagged joel kindred leopard leopards liar liars maybe naked noel ogre people peoples pierre
            rugged ruin ruined ruins ryan sacred science soldier someone theatre theatres thereof triage wednesday wednesdays
            whereof wicked
            """
        ),
        (
            3,
            """
            albeit anyone area areas beloved caveat caveats decrement decrements element elements everyone excrement forever idea
            ideas increment increments israel korea korean linear moreover museum museums nuclear parliament preexist recipe recipes
            scientist scientists simile somersault suicide suicides tenement vehement wherever whoever
            """
        ),
        (
            4,
            """
            apostrophe catastrophe epitome european europeans hereditary hierarchy hyperbole nevertheless reality scientific
            whatsoever
            """
        ),
    ]
}
