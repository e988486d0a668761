/// Longer texts for tests.
enum Texts {
    static let english = """
        The river rose quickly after three days of heavy rain, and the people of the valley moved their animals to higher ground. Nobody
        was hurt, although two bridges and a small mill were carried away by the water during the night.
        """

    static let german = """
        Der Fluss stieg nach drei Tagen Regen schnell an, und die Menschen im Tal brachten ihre Tiere auf höher gelegene Weiden. Niemand
        wurde verletzt. In der Nacht riss das Wasser jedoch zwei Brücken und eine kleine Mühle mit sich fort.
        """

    static let french = """
        La rivière est montée rapidement après trois jours de pluie, et les habitants de la vallée ont conduit leurs animaux sur les
        hauteurs. Personne n'a été blessé, mais deux ponts et un petit moulin ont été emportés par les eaux pendant la nuit.
        """

    static let russian = """
        После трёх дней дождя река быстро поднялась, и жители долины отвели своих животных на возвышенность. Никто не пострадал, однако
        ночью вода унесла два моста и небольшую мельницу.
        """

    static let hebrew = "הנהר עלה במהירות לאחר שלושה ימים של גשם, ותושבי העמק העבירו את בעלי החיים שלהם למקום גבוה יותר. איש לא נפגע."

    static let japanese = "三日間の雨の後、川の水位は急速に上昇し、谷の人々は家畜を高台に移動させました。けが人はいませんでした。"
}
