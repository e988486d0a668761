public import JSON

extension OrchestrationContext {
    /// What is known of a component; nil when nothing is, such as before its first signal.
    public func knowledge(of component: ComponentID) -> ComponentKnowledge? { self.chooser.knowledge(of: component) }

    /// What a component's last rewards say; nil when nothing is known of it.
    public func health(of component: ComponentID) -> ComponentHealth? { self.knowledge(of: component)?.health }

    /// The reward that the component's learner expects in a situation; nil when it has learned nothing, or cannot tell.
    public func expectedReward(of component: ComponentID, in situation: JSONObject = JSONObject()) -> Double? {
        self.chooser.expectedReward(of: component, in: situation.boundedSituation)
    }
}
