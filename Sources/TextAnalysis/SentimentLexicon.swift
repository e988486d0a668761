/// Words with their valence, and the words that change the valence of others.
///
/// The valences are estimates on the scale of Hutto and Gilbert (2014), −4 (most negative) to 4 (most positive), in steps of few tenths:
/// words of like strength share one value.
public enum SentimentLexicon {
    /// Valence by word in lower case, −4 to 4, never 0.
    public static let valences: [String: Double] = {
        var table: [String: Double] = [:]
        for (valence, words) in Self.positive + Self.negative {
            for word in words.wordList {
                table[word] = valence
            }
        }
        return table
    }()

    /// What one booster adds to the strength of the word it stands before: 0.293; a dampener takes as much away.
    static let boost = 0.293

    /// Words that strengthen the next words.
    static let boosters = Set(
        """
        absolutely amazingly awfully completely considerably decidedly deeply downright enormously entirely especially exceptionally
        extremely fabulously flipping frickin fucking fully greatly highly hugely incredibly insanely intensely majorly massively more
        most particularly profoundly purely quite really remarkably seriously so strikingly substantially super terribly thoroughly too
        total totally tremendously truly uber unbelievably unusually utter utterly very exceedingly immensely overwhelmingly genuinely
        real such
        """.wordList
    )

    /// Words that weaken the next words.
    static let dampeners = Set(
        """
        almost barely hardly kinda less little marginally mildly moderately nearly occasionally partly pretty relatively scarcely
        slightly somewhat sorta fairly rather partially
        """.wordList
    )

    /// Two-word dampeners: the second is "of", as in "kind of".
    static let dampenersWithOf = Set("kind sort".wordList)

    /// Words that turn the valence of the next words round; besides, every word in n't.
    static let negators = Set(
        """
        not no never none nobody nothing neither nor nowhere cannot without rarely seldom lack ain't aint arent cant couldnt didnt
        doesnt dont hadnt hasnt havent isnt mustnt neednt shouldnt wasnt werent wont wouldnt
        """.wordList
    )

    /// Pronouns and helpers after which "like" is a verb of liking.
    static let likers = Set(
        "i we you they people who really also always never not don't didn't doesn't dont didnt doesnt do did still actually all".wordList
    )
}
