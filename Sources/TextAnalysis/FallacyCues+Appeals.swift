extension FallacyCues {
    /// Cues that put something else in the place of evidence.
    static let appeals: [Rule] = [
        (
            .appealToAuthority,
            [
                (0.8, "must|has|have|got to|be [be] ~1 @true ~1 because|since ~5 said|says|told|claims|believes|believed"),
                (0.8, "@true because|since ~3 @expert ~1 said|says|told|believes|claims"),
                (0.75, "is|am|was a|an|the ~2 @expert ~5 , so ~3 must|has [to] be ~1 @true"),
                (0.75, "is|am|was a|an|the ~2 @expert ~5 , so ~2 is|am ~1 @true"),
                (0.7, "trust me , i am a|an"),
                (0.75, "@expert ~1 said|says|believed|believes ~8 , so|therefore ~1 it|that|this must"),
                (0.7, "who are you to question|doubt|challenge|disagree"),
            ]
        ),
        (
            .appealToPopularity,
            [
                (0.8, "million|millions|billion|billions|everyone|everybody|people ~6 can not ~1 [all] be wrong"),
                (0.75, "@everyone|most|majority ~4 believe|believes|think|thinks|agree|agrees|say|says|know|knows ~10 , @so ~3 @true"),
                (0.75, "must|has|have [to] be @true|@good|great because|since ~2 @everyone|most|many|popular"),
                (0.7, "@true|@good because|since ~1 @everyone|most|many ~2 believe|believes|think|thinks|say|says|do|does|use|uses"),
                (0.7, "@everyone|most ~3 believe|believes|think|thinks|agree|agrees ~6 , it|that must|has ~2 @true"),
            ]
        ),
        (
            .appealToEmotion,
            [
                (0.85, "think of the children"),
                (0.8, "if you really|truly loved|cared|love|care ~6 , you would|will|should"),
                (0.8, "if you had a|any|one heart|soul|conscience|decency|ounce|shred|compassion"),
                (0.8, "how can|could|do you sleep at night"),
                (0.65, "imagine|picture your|their @family ~6 dying|suffering|crying|starving|dead"),
                (0.7, "do you want ~6 blood on your hands"),
            ]
        ),
        (
            .appealToNature,
            [
                (0.85, "is|are ~1 natural|organic , @so ~4 @good"),
                (0.8, "is|are ~1 natural|organic , @so ~2 can not ~1 hurt|harm|be"),
                (0.8, "@good because|since it|they|this|that is|are ~2 natural|organic"),
                (0.85, "unnatural|artificial|synthetic , @so ~4 @bad"),
                (0.85, "@bad because|since it|they|this|that is|are ~1 unnatural|artificial|synthetic"),
                (0.85, "not natural , @so ~4 @bad"),
            ]
        ),
        (
            .appealToTradition,
            [
                (0.8, "we|they|people|i have always done it|this|things ~2 , so|why"),
                (0.8, "because ~2 we|they|people have always done"),
                (0.8, "because it|that|this is how|what we|they|people have always"),
                (0.8, "because it|that|this has always been done|like|that|this"),
                (0.7, "is the way|how it|things|we has|have always been|done"),
                (0.75, "for hundreds|thousands|centuries|generations [of] [years|generations] ~3 , @so ~8 @true|@good|should|work|works"),
                (0.75, "should|must|right|good|wrong ~8 because ~1 it|this|that is ~2 tradition|traditional|customary"),
                (0.75, "always been ~1 way|done|tradition|so ~3 , so ~4 should|must|why|no"),
            ]
        ),
        (
            .appealToIgnorance,
            [
                (0.85, "no one has|can|could ~1 @proved ~10 , @so ~2 @thing"),
                (0.85, "nobody has|can|could ~1 @proved ~10 , @so ~2 @thing"),
                (0.85, "not|never ~2 @proved ~8 , @so ~4 @true|exist|exists|false|safe|not"),
                (0.8, "you can not prove ~5 not|false|wrong|untrue|otherwise"),
                (0.8, "no proof|evidence ~1 that|against ~8 , @so ~3 @true|exist|exists|must"),
                (0.8, "must|has ~2 @true|exist because|since ~1 nobody|one|no ~3 @proved"),
            ]
        ),
    ]
}
