extension SentimentLexicon {
    /// Negative words by valence, in lower case.
    static let negative: [(valence: Double, words: String)] = [
        (
            -3.5,
            """
            murder murdered murderer murderers murdering murders rape raped rapist genocide massacre massacred torture tortured
            torturing slaughter slaughtered evil terrorist terrorists terrorism holocaust atrocity atrocities
            """
        ),
        (
            -3.1,
            """
            horrible horribly horrific horrifying horrendous atrocious abysmal appalling despicable vile hate hated hates hating hatred
            hateful abuse abused abuser abuses abusing abusive kill killed killer killers killing killings kills worst dead death deaths
            deadly die died dies dying catastrophe catastrophic disaster disasters disastrous hell hellish excruciating brutal brutality
            brutally cruel cruelty cruelly slavery tyranny tyrant fascist sadistic
            """
        ),
        (
            -2.6,
            """
            terrible terribly awful awfully disgusting disgust disgusted disgusts disgrace disgraceful devastated devastating
            devastation tragic tragedy tragedies tragically miserable misery agony anguish despair desperate desperately nightmare
            nightmares violence violent violently assault assaulted attack attacked attacker attackers attacking attacks war wars crime
            crimes criminal criminals corrupt corruption betray betrayal betrayed betrays betraying liar liars fraud fraudulent scam
            scammed scams poison poisoned poisonous toxic destroy destroyed destroying destroys destruction destructive ruin ruined
            ruining ruins heartbroken heartbreaking grief grieving horror terrified terrifying terror dreadful dreaded dread pathetic
            worthless repulsive revolting loathe loathed loathes loathing despise despised despises detest detested outrage outraged
            outrageous furious fury rage raging enraged humiliated humiliating humiliation traumatic trauma traumatized suicide suicidal
            victim victims shameful scandal scandalous
            """
        ),
        (
            -2.2,
            """
            bad badly worse worsen worsened worsening sad sadly sadness saddened sadder anger angry angrily angered angrier mad fear
            feared fearful fears scared scary scare frightened frightening fright pain painful painfully pains hurt hurting hurts suffer
            suffered suffering suffers sick sickening sickness disease diseases illness ill cancer wound wounded injured injuries injury
            injure harm harmed harmful harming harms damage damaged damages damaging danger dangerous dangerously threat threaten
            threatened threatening threatens threats steal stealing steals stole stolen theft thief thieves cheat cheated cheater
            cheating cheats lie lied lies lying deceive deceived deceit deception deceptive dishonest dishonesty manipulate manipulated
            manipulation manipulative stupid stupidity stupidly idiot idiotic idiots moron morons dumb dumbest fool foolish fools
            ridiculous absurd ludicrous nonsense garbage trash crap crappy junk filthy filth nasty ugly ugliest gross rotten hopeless
            hopelessly helpless helplessly useless failure failures fail failed failing fails bankrupt bankruptcy crisis crises chaos
            chaotic collapse collapsed collapses collapsing crash crashed crashes crashing blame blamed blames blaming guilty guilt
            shame ashamed embarrassed embarrassing embarrassment enemy enemies hostile hostility aggressive aggression bully bullied
            bullies bullying harass harassed harassment racist racism sexist sexism bigot bigotry discrimination oppression oppressed
            oppressive unfair unfairly injustice unjust cry cried cries crying depressed depressing depression lonely loneliness mourn
            mourning mourned sorrow suck sucked sucks sucking damn damned pollute polluted pollution
            """
        ),
        (
            -1.8,
            """
            disappoint disappointed disappointing disappointment disappoints frustrate frustrated frustrating frustration annoyed
            annoying annoyance annoys annoy irritated irritating irritates upset upsetting bother bothered bothering bothers worried
            worry worries worrying worrisome anxious anxiety nervous nervously stress stressed stressful panic panicked panicking
            problem problematic problems trouble troubled troubles troubling wrong wrongly mistake mistaken mistakes error errors fault
            faulty faults flaw flawed flaws broken defect defective defects poor poorly inferior mediocre lousy weak weaker weakness
            weaknesses lose loser losers loses losing loss losses lost reject rejected rejecting rejection rejects denied denial deny
            criticism criticize criticized criticizes criticizing condemn condemned condemns complaint complaints complain complained
            complaining complains regret regrets regretted regrettable unfortunate unfortunately unhappy unhappiness unpleasant
            unacceptable unbearable unreliable unsafe unstable untrustworthy unwanted unwelcome uncomfortable inadequate incompetent
            incompetence ineffective inefficient insult insulted insulting insults offend offended offensive rude rudely selfish greed
            greedy arrogant arrogance ignorant ignorance jealous jealousy envy envious bitter bitterness resent resented resentful
            resentment cynical negligence negligent neglect neglected reckless recklessly careless carelessly misleading mislead misled
            misinformation disinformation propaganda punish punished punishment punishing penalty penalties prison jail jailed conflict
            conflicts fight fighting fights fought struggle struggled struggles struggling poverty hunger starving starvation
            unemployment unemployed
            """
        ),
        (
            -1.4,
            """
            boring bored boredom bore dull tedious tiresome tired tiring exhausted exhausting exhaustion fatigue sluggish confused
            confusing confusion confuse mess messy clumsy awkward lazy sloppy noisy dirty stink stinks stinky smelly crazy insane weird
            creepy doubt doubtful doubts doubted doubting skeptical uncertain uncertainty unclear unsure difficult difficulties
            difficulty hardship hardships costly expensive overpriced waste wasted wasteful wasting wastes delay delayed delays decline
            declined declining declines deficit debt debts deteriorate deteriorated deteriorating shortage shortages risk risks risky
            risked controversial controversy dispute disputed disputes disagree disagreed disagreement disagrees oppose opposed opposes
            objection objections ban banned bans obstacle obstacles burden burdened burdens inconvenience inconvenient interrupt
            interrupted ignore ignored ignores ignoring avoid avoided abandon abandoned abandoning isolate isolated isolation miss
            missed misses missing negative negatively
            """
        ),
        (
            -1.1,
            """
            alarm alarmed alarming apathy apologize apologized apology sorry bleak blunder bumpy clash clashed concern concerned
            concerns critical critic critics dim discourage discouraged discouraging disturb disturbed disturbing drain drained
            emergency excuse excuses fake false falsely gloomy gloom grim harsh harshly hesitant hesitate hinder hindered impossible
            inaccurate incorrect indifferent invalid irrational irrelevant lacking lacks meaningless mock mocked naive needy nuisance
            outdated overwhelmed overwhelming pity pointless pressure pressured questionable reluctant reluctantly rigid severe severely
            shock shocked shocking shy strange stuck tense tension tensions ugh unable unconvincing unfit uninspired unnecessary untrue
            vague weary wicked
            """
        ),
    ]
}
