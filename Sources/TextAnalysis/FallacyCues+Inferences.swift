extension FallacyCues {
    /// Cues of faulty inferences.
    static let inferences: [Rule] = [
        (
            .falseDilemma,
            [
                (0.85, "either you are with|for|against ~8 or you are|hate|support"),
                (0.85, "you are either with us|me|them ~1 or [you] [are] ~1 against|with"),
                (0.85, "if you are not ~1 with us|me , ~2 you are ~1 against|with|supporting"),
                (0.8, "either we|you|they ~8 or ~4 die|collapse|destroyed|perish|ruined|doomed|destroy|extinct"),
                (0.7, "there are only two ~1 options|choices|kinds|sides ~3 , either|you|we|they|those"),
                (0.75, "the only alternative|other|choice ~1 to|is|option ~6 @ruin|war|death|surrender"),
                (0.75, "if you do not ~6 , [then] you must|clearly|obviously|really hate|want|support"),
                (0.75, "my way or the highway"),
            ]
        ),
        (
            .slipperySlope,
            [
                (0.8, "if @someone|we|i @permit ~10 , ~2 soon|next|eventually ~1 we|they|everyone|nobody|people will"),
                (0.75, "next thing you know [,] ~4 will"),
                (0.65, "where does|will|would it [all] end|stop ?"),
                (0.75, "first they|it|we ~8 , then|next ~1 they|it|we|everything ~8 , [and] ~1 then|next|soon|eventually ~3 will"),
                (0.75, "will|would inevitably|surely|certainly lead to ~4 @ruin"),
                (0.75, "the first step toward|towards|to|on ~3 @ruin"),
                (0.7, "opens|open|opening the door|floodgates to|for ~5 @ruin"),
                (0.7, "only a matter of time before ~6 @all|everything|@ruin"),
            ]
        ),
        (
            .hastyGeneralisation,
            [
                (0.8, "i|we ~1 met|know|knew|dated|tried|visited ~12 , so|therefore|clearly ~1 @all ~3 are|is|must"),
                (0.75, "my|one ~1 @acquaintance ~8 proves|shows|means [that] @all|they"),
                (0.7, "they|you are all ~1 @insult|lazy|selfish|dishonest|alike"),
                (0.75, "@profession are all ~1 @insult|lazy|selfish|dishonest|alike|same"),
                (0.75, "all|every @profession are ~1 @insult|lazy|selfish|dishonest"),
                (0.75, "i|we have never met|seen|known ~10 , so|therefore ~4 not|no|never|all"),
            ]
        ),
        (
            .circularReasoning,
            [
                (0.8, "because i|we|they|he|she said so"),
                (0.75, "because it|that|he|she just|simply is|does $"),
                (0.8, "@true because it|this|that is [never|always] [a|the] ~1 @true|truth|fact"),
                (0.8, "we|you|i know ~8 because it|the ~4 says|said ~1 it ~1 is ~1 @true"),
            ]
        ),
        (
            .postHoc,
            [
                (0.75, "after|since ~12 , so|therefore|clearly|obviously ~6 caused|cause|causes|cured|responsible"),
                (0.75, "after|since|then ~12 , so|therefore ~4 must have|be ~1 caused|made|helped|worked|cured|cause|reason"),
                (0.7, "right|shortly|just|soon after ~12 , ~4 which proves|shows|means"),
                (0.7, "ever since ~12 , ~6 must be|have ~2 caused|cause|fault|reason|lucky|cursed|working"),
            ]
        ),
    ]
}
