@testable import TextAnalysis

/// Sentences with and without fallacies.
enum FallacyExamples {
    /// For each cue of a kind a sentence that it finds, in the order of the cues.
    static let positive: [(kind: Fallacy.Kind, sentences: [String])] = [
        (
            .adHominem,
            [
                "You can't trust anything in that report because she is a liar.",
                "Why should we listen to the budget plan of that crook?",
                "He is an idiot, so his tax plan is obviously wrong.",
                "Of course he would say that about the new law.",
                "That is rich coming from a man who never voted.",
                "What would she know about taxes, she is just a dropout.",
                "Their argument is worthless because they are liars.",
            ]
        ),
        (
            .strawMan,
            [
                "So you're saying that we should let everyone cross the border.",
                "Environmentalists want to ban every car in the country.",
                "They just want to take away all our freedoms.",
                "My opponent believes that nobody should own a house.",
                "So you would rather see these families starve.",
                "So you think people should just give up their jobs.",
            ]
        ),
        (
            .noTrueScotsman,
            [
                "No true Scotsman would put sugar on his porridge.",
                "A real man would never cry at a wedding.",
                "If she said that, she is not a true feminist.",
                "If he were a real fan, he would have come to the match.",
            ]
        ),
        (
            .loadedQuestion,
            [
                "Have you stopped beating your dog?",
                "Why do you hate our country?",
                "Why is he always complaining about work?",
                "Why are you so dishonest in your reports?",
                "When will they admit that the plan was a swindle?",
                "How long have you been lying to the voters?",
                "Are they still stealing from the fund?",
            ]
        ),
        (
            .redHerring,
            [
                "But what about when your party raised taxes?",
                "And what about the fact that you missed the last vote?",
                "You mention the budget, but what about your emails?",
                "Why worry about the climate when people are losing their jobs?",
                "How can you talk about pollution when children are hungry?",
                "There are much bigger problems to worry about.",
                "Yes, he broke the rule, but they did the same thing.",
                "Yes, he broke the rule, but you did it first.",
            ]
        ),
        (
            .bandwagon,
            [
                "Everyone is switching to the new phone, so you should too.",
                "Everybody else has one, so why not you, you must buy it.",
                "Buy it now and don't get left behind.",
                "Join the millions who already changed.",
                "Don't be the last to own one.",
                "Get on board now before it is too late.",
            ]
        ),
        (
            .appealToAuthority,
            [
                "It must be true because my uncle said it on the radio.",
                "The diet is right because a famous doctor says so.",
                "My aunt is a professor, so her claim must be true.",
                "My aunt is a professor, so she is right.",
                "Trust me, I'm a lawyer.",
                "Einstein believed in it, so it must make sense.",
                "Who are you to question the committee?",
            ]
        ),
        (
            .appealToPopularity,
            [
                "Fifty million voters can't be wrong.",
                "Most people believe in ghosts, so they must be real.",
                "The show must be great because so many watch it.",
                "It is right because everyone does it.",
                "Everyone agrees with this, it must be true.",
            ]
        ),
        (
            .appealToEmotion,
            [
                "Won't somebody please think of the children!",
                "If you really cared about this town, you would vote for me.",
                "If you had a heart you would sign this.",
                "How do you sleep at night?",
                "Imagine your own mother starving in the street.",
                "Do you want their blood on your hands?",
            ]
        ),
        (
            .appealToNature,
            [
                "The herb is natural, so it is safe.",
                "The herb is natural, so it can't hurt you.",
                "This juice is better because it is organic.",
                "The food is artificial, so clearly it is harmful.",
                "Cloning is wrong because it is unnatural.",
                "Flying is not natural, so it must be bad.",
            ]
        ),
        (
            .appealToTradition,
            [
                "We have always done it this way, so leave it alone.",
                "We vote on Sunday because we have always done so.",
                "We do it like this because this is how we have always worked.",
                "The rule stands because it has always been like this.",
                "That is the way it has always been.",
                "They have used leeches for hundreds of years, so the treatment should work.",
                "The hunt should continue because it is an old tradition.",
                "It has always been this way, so we should keep it.",
            ]
        ),
        (
            .appealToIgnorance,
            [
                "No one has proven that ghosts are imaginary, so they are there.",
                "Nobody has ever shown that the pill fails, so it works.",
                "It has never been proven harmful, so it is safe.",
                "You can't prove that he is not a spy.",
                "There is no evidence against visitors from space, so they exist.",
                "It must be true because no one could ever disprove it.",
            ]
        ),
        (
            .falseDilemma,
            [
                "Either you are with the troops or you hate the country.",
                "You're either with us or against us.",
                "If you're not with us, you're against us.",
                "Either we build the wall or the country will be destroyed.",
                "There are only two kinds of people, those who work and those who steal.",
                "The only alternative to this law is chaos.",
                "If you don't vote for this bill, you clearly want people to suffer.",
                "In this house it is my way or the highway.",
            ]
        ),
        (
            .slipperySlope,
            [
                "If we allow one exception, soon everyone will want one.",
                "The next thing you know they will ban music.",
                "Where does it end?",
                "First they tax sugar, then they tax salt, then they will tax water.",
                "This law will inevitably lead to tyranny.",
                "It is the first step towards a dictatorship.",
                "The ruling opens the door to total chaos.",
                "It is only a matter of time before everything is forbidden.",
            ]
        ),
        (
            .hastyGeneralisation,
            [
                "I met two rude waiters in Paris, so all Parisians are rude.",
                "My neighbor crashed his van, which proves that all vans break down.",
                "Don't vote, they are all liars.",
                "Politicians are all the same.",
                "Every one knows that all lawyers are selfish.",
                "I have never met a poor farmer, so there are no poor farmers.",
            ]
        ),
        (
            .circularReasoning,
            [
                "You must go to bed because I said so.",
                "It is wrong because it just is.",
                "The story is true because it is never a lie but always the truth, that is, true because it is the truth.",
                "We know the book is true because it says that it is true.",
            ]
        ),
        (
            .postHoc,
            [
                "After I wore the red socks we won, so the socks caused the win.",
                "Since the new mayor came the shops closed, so it must have been made worse by him, he must have caused it.",
                "The fever went right after the prayer, which proves that prayer works.",
                "Ever since that cat moved in, the machine must be cursed.",
            ]
        ),
    ]

    /// Sound or neutral sentences that look like fallacies.
    static let negative: [String] = [
        // Persons.
        "He is an idiot.", "I can't trust the ladder because it is old.", "Why should we listen to the radio?",
        "What do you know about the new law?", "Of course he would like some tea.", "The criminal said that he was sorry.",
        "So you're saying the train leaves at noon.", "They want to ban smoking in the park.",
        "My opponent wants to lower the tax on bread.",
        "Critics say all schools suffered.", "They want to let all children in for free.", "You think we should leave.",
        "No real progress would be possible without money.", "A real diamond would never scratch like that.", "She is not a real doctor.",
        "Have you stopped at the store?", "Have you stopped smoking?", "Why do cats hate water?", "Why are you so tired?",
        "When will they arrive?", "How long have you been waiting?", "Are you still reading that book?",
        "What about lunch?", "But what about the schools?", "Why do birds sing when the sun rises?",
        "They tried first, but we did it better.", "There are bigger problems in the world.", "Everyone is doing well so far.",
        "Everyone is using the new entrance, so the old one is closed.", "Rural areas must not be left behind.",
        "Join the team on Monday.", "They had to join the millions of unemployed.",
        "A genuine socialist society could not exist there.", "They asked why he did not bother to write when he was ill, and so what?",
        "Don't be late.",
        // Appeals.
        "He said that it must be true.", "My aunt is a professor, so she has long hours.",
        "The doctor said he should rest, so it is time to go.",
        "She is a doctor.", "Trust me, it will rain.", "Most people believe in ghosts.", "Everyone knows the song.",
        "Millions of people saw the show.", "The children think of the holidays.", "If you love pizza, you will like this place.",
        "How do you sleep in that noise?", "Imagine your mother in a red hat.", "The dye is natural.",
        "The lake is natural, so it has no dam.",
        "The bread is good because it is fresh.", "The store has always been on this street.",
        "I know the way because I have always lived here.", "They dance because it is a tradition.", "He has always been kind.",
        "For hundreds of years, people used leeches.", "Scientists have proven that the vaccine works, so it is approved.",
        "No one has proven the theorem yet.", "It has never been tested, so we will test it.", "There is no evidence that he was there.",
        "You can prove that it is true.",
        // Inferences.
        "Either you or your brother can come.", "We can either go or stay.", "Either you come on Monday or you come on Tuesday.",
        "There are only two ways to reach the village.", "If you don't like it, you want another one.", "The only other choice is soup.",
        "If we allow ten minutes, we will arrive on time.", "If you let the dough rest, it will soon be ready.",
        "Where does the trail end?", "First they champ, then they stamp, then they stand still.",
        "First they washed the car, then they had lunch.", "The road leads to the sea.",
        "It is only a matter of time before the bus comes.", "He opens the door to the kitchen.",
        "I had a headache, so I never went.", "I met Tom at noon, so everyone was waiting.", "This result shows that all angles are equal.",
        "The houses are all the same.", "They are all here.", "I have never met him, so I was curious.",
        "The road is closed because the river flooded.", "He is late because his train is late.",
        "I was no child prodigy, because a child prodigy is a child who knows as much when it is a child as when it is not.",
        "The cake is sweet because it has sugar.",
        "After lunch it rained, so the picnic was cancelled.", "It rained after lunch, so the picnic must have been cancelled.",
        "Since he works at night, he sleeps during the day.", "Ever since that day, they have been friends.",
        "The smoke came right after the fire, which was small.",
        // Sentences about fallacies, and denials.
        "It is a fallacy to say that fifty million voters can't be wrong.", "Saying \"you're either with us or against us\" is fallacious.",
        "You can't trust anything in the report, but not because she is a liar.",
        "It is wrong to say that everyone agrees with this, so it must be true.",
        "The herb is natural, so it is safe, but that does not follow.",
        "Most people believe it, but that does not mean that most people believe it, so it is true.",
    ]
}
