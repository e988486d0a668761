extension FallacyCues {
    /// Cues that turn on persons and sides.
    static let personal: [Rule] = [
        (
            .adHominem,
            [
                (0.8, "not|never trust|believe|listen ~8 because|since ~1 @someone is|are|was|were ~2 @insult"),
                (0.8, "why should we|anyone|you|i|anybody listen|trust|believe ~8 @insult"),
                (0.75, "@someone is|are|was|were ~2 @insult ~2 so ~6 wrong|invalid|false|ignore|worthless|nonsense"),
                (0.7, "of course @someone would|will say that|so|this"),
                (0.65, "rich coming from"),
                (0.75, "what would|could ~2 know about ~6 , @someone is|are ~3 @insult"),
                (0.7, "argument|claim|opinion|point ~3 wrong|invalid|worthless|nonsense because @someone is|are ~2 @insult"),
            ]
        ),
        (
            .strawMan,
            [
                (0.7, "so [what] [,] you are [really|basically] saying ~6 @all|just|any|anything"),
                (0.65, "@opponent [@just] want|wants to ~1 destroy|abolish|take|eliminate|ban ~3 all|every|everything"),
                (0.65, "they [@just] want to take away|destroy|abolish all|every|everything|our"),
                (0.65, "my opponent|opponents ~1 think|thinks|believe|believes|want|wants ~4 @all|everything|nothing"),
                (0.6, "so you would rather ~2 let|have|see ~4 die|suffer|starve|destroyed|killed"),
                (0.6, "so you think ~4 should just|never|all|always"),
            ]
        ),
        (
            .noTrueScotsman,
            [
                (0.85, "no true|real|genuine @group ~1 would|could|will|ever|does|puts|eats|drinks|supports|votes|wears|complains"),
                (0.75, "a|any|every|all true|real|genuine @group would|will|does|do|could never|not|always"),
                (0.75, "@someone|i|we|it|that|this is|are|was|were not [a] true|real|genuine @group"),
                (0.7, "if @someone was|were|is|are [a] true|real|genuine @group"),
            ]
        ),
        (
            .loadedQuestion,
            [
                (0.85, "have|has|did|will|when ~4 stopped|stop|quit ~1 beating|@wronging ~8 ?"),
                (0.75, "why do|does @someone|@opponent ~1 hate ~3 america|country|freedom|women|men|people|us|god ~4 ?"),
                (0.75, "why are|is you|they|he|she ~1 always|constantly|still ~2 lying|wrong|stupid|lazy|cheating|rude|complaining ~6 ?"),
                (0.75, "why are|is @someone so|such ~1 @insult|lazy|dishonest|selfish|stubborn ~8 ?"),
                (0.7, "when will|are|did you|they|he|she ~2 admit|confess ~10 ?"),
                (0.75, "how long have|has @someone been @wronging|hiding ~8 ?"),
                (0.75, "are|is @someone still ~1 beating|@wronging|hiding ~8 ?"),
            ]
        ),
        (
            .redHerring,
            [
                (0.7, "what about when you|he|she|they|we|your|his|her|their ~12 ?"),
                (0.7, "what about the fact|time ~12 ?"),
                (0.7, "what about your|his|her|their ~2 emails|taxes|scandal|scandals|crimes|lies|affairs|failures|corruption ~6 ?"),
                (
                    0.7,
                    "^ [but|and|so] why ~3 worry|worrying|talk|talking|focus|focusing|care|complain|complaining|discuss|bother ~8 when ~12 ?"
                ),
                (0.65, "how can|could|dare ~3 talk|complain|worry|care about ~8 when ~12 ?"),
                (0.65, "there are [much] bigger|worse|more problems|things|issues|important ~3 to worry about"),
                (0.7, "but @someone|@opponent ~2 did|do|does the same [exact|very] thing|too"),
                (0.6, "but @someone|@opponent did|do|does it too|first"),
            ]
        ),
        (
            .bandwagon,
            [
                (0.75, "everyone|everybody [else] is [already] @doing ~6 so|and ~2 should|must|not|join"),
                (0.75, "everyone|everybody else is|has|does|owns|uses ~6 , so|why ~1 should|must|not|do"),
                (0.8, "do not be|get left behind"),
                (0.75, "join the millions|thousands ~1 who|already"),
                (0.75, "do not be the last|only ~1 to|who|without"),
                (0.7, "get on board ~2 before ~4 too|everyone"),
            ]
        ),
    ]
}
